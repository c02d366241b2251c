import type { ReporterKindDriver } from '../reporter-kind.js'
import { composeMail } from './compose-mail.js'
import { sendMail } from './send-mail.js'

export const mailDriver: ReporterKindDriver = { compose: composeMail, send: sendMail }
