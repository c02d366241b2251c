import type { Notification } from '@yardmaster/rest'
import { Fragment, useState } from 'react'
import type { ReactElement } from 'react'
import { useNotification, useNotificationControl } from '../api/notifications.js'
import { dateTime, duration } from '../lib/format.js'
import { Loading } from './states.js'
import { Ago } from './times.js'
import { ActButton } from './act-button.js'

const told: { [state in Notification['state']]: { word: string; title: string } } = {
  waiting: { word: 'waiting', title: 'It is still to be sent' },
  sending: { word: 'sending', title: 'It is just being sent' },
  sent: { word: 'sent', title: 'The other side took it' },
  superseded: { word: 'superseded', title: 'A newer status of the same thing took its place' },
  refused: { word: 'refused', title: 'The other side will never take it' },
  gave_up: { word: 'given up', title: 'It was tried until its deadline, or somebody gave it up' },
  unknown: { word: 'unknown', title: 'Nobody knows whether it arrived; it is not sent twice by itself' },
}

/** What was told to whom; each row opens to its attempts. */
export function NotificationTable({ notifications }: { notifications: readonly Notification[] }): ReactElement {
  const [open, setOpen] = useState<number | null>(null)
  return (
    <table className="table" data-testid="notifications">
      <thead><tr><th>State</th><th>What</th><th>Reporter</th><th>To</th><th className="right">Tries</th><th className="right">When</th><th /></tr></thead>
      <tbody>{notifications.map(row => (
        <Fragment key={row.id}>
          <tr data-testid={`notification-${row.id}`} data-state={row.state}>
            <td title={told[row.state].title}><span className="tag">{told[row.state].word}</span></td>
            <td>{row.summary}{row.detail !== null && row.state !== 'sent' && <div className="muted">{row.detail}</div>}{row.remark !== null && <div className="muted">{row.remark}</div>}</td>
            <td>{row.reporter}</td>
            <td title={row.subject}>{row.target}</td>
            <td className="right"><button type="button" className="link" aria-expanded={open === row.id} onClick={() => setOpen(open === row.id ? null : row.id)}>{row.attempts}</button></td>
            <td className="right"><Ago at={row.createdAt} /></td>
            <td className="right"><Actions notification={row} /></td>
          </tr>
          {open === row.id && <tr><td colSpan={7}><Tries id={row.id} /></td></tr>}
        </Fragment>
      ))}</tbody>
    </table>
  )
}

function Actions({ notification: { id, state } }: { notification: Notification }): ReactElement | null {
  const control = useNotificationControl()
  if (state === 'sending' || state === 'superseded') return null
  return (
    <>
      <ActButton act={{ thing: 'notifications', id: id, action: 'resend' }} disabled={control.isPending} onClick={() => control.mutate({ id, action: 'resend' })}>{state === 'waiting' ? 'Send now' : 'Send again'}</ActButton>
      {state === 'waiting' && <ActButton act={{ thing: 'notifications', id: id, action: 'give-up' }} disabled={control.isPending} onClick={() => control.mutate({ id, action: 'give-up' })}>Give up</ActButton>}
    </>
  )
}

function Tries({ id }: { id: number }): ReactElement {
  const { data } = useNotification(id, true)
  if (!data) return <Loading />
  return (
    <dl className="facts" data-testid="notification-tries">
      <div className="fact"><dt>Subject</dt><dd>{data.subject}</dd></div>
      {data.reference !== null && <div className="fact"><dt>There</dt><dd>{data.reference}</dd></div>}
      <div className="fact"><dt>Tried until</dt><dd>{dateTime(data.deadlineAt)}</dd></div>
      {data.tries.map(row => (
        <div className="fact" key={row.number}>
          <dt>Try {row.number}</dt>
          <dd><span className="tag">{row.outcome ?? 'under way'}</span> <Ago at={row.startedAt} />{row.endedAt !== null && <span className="muted"> {duration(row.endedAt - row.startedAt)}</span>} {row.detail}</dd>
        </div>
      ))}
    </dl>
  )
}
