import type { ReporterKindDriver } from '../reporter-kind.js'
import { composeMail } from './compose-mail.js'
import { sendMail } from './send-mail.js'

export const mail: ReporterKindDriver = { compose: composeMail, send: sendMail }
