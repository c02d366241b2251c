import { useRef, useState } from 'react'
import type { ReactElement } from 'react'

type FileInputProps = { id: string; 'aria-invalid': boolean; 'aria-describedby': string | undefined; required: boolean; maxsize: number | null; /** It holds a text. */ filled: boolean; onText: (text: string) => void }

/** A file whose text becomes the value. */
export function FileInput({ maxsize, filled, onText, ...common }: FileInputProps): ReactElement {
  const input = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const read = async (file: File | undefined): Promise<void> => {
    setProblem(null)
    if (!file) return onText('')
    // In UTF-8 a text has at least as many bytes as characters have room: what is far too large is not even read.
    if (maxsize !== null && file.size > 4 * maxsize) return setProblem(`${file.name} is too large: ${file.size} bytes, ${maxsize} characters are taken`)
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
      if (maxsize !== null && text.length > maxsize) setProblem(`${file.name} is too large: ${text.length} > ${maxsize}`)
      else onText(text)
    } catch {
      setProblem(`${file.name} is not text in UTF-8`)
    }
  }
  const clear = (): void => {
    if (input.current) input.current.value = ''
    onText('')
  }
  return (
    <>
      <span className="file-input">
        <input {...common} ref={input} type="file" onChange={event => void read(event.target.files?.[0])} />
        {filled && <button type="button" className="small" onClick={clear}>Clear</button>}
      </span>
      {problem && <p className="field-error" role="alert">{problem}</p>}
    </>
  )
}
