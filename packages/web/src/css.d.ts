import 'react'

declare module 'react' {
  // Custom properties: what a style sheet computes with.
  interface CSSProperties { [custom: `--${string}`]: string | number | undefined }
}
