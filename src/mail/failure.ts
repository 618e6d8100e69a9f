import { maskedEmail } from '../logging/masking.ts'

export type MailReason =
  | 'unconfigured' // settings are missing
  | 'forbidden' // a Space's server is where Spaces may not go
  | 'unreachable' // no connection, no answer, or one that broke
  | 'encryption' // no TLS, or a certificate that does not hold
  | 'credentials' // the server does not know this user name and password
  | 'postponed' // the server says: later
  | 'sender' // the server does not take mails from us
  | 'refused' // the server does not take this mail, or not for this recipient: trying again is useless

/** Why a mail did not leave. The message may be shown to operators: it carries nothing that opens a door. */
export class MailFailure extends Error {
  override readonly name = 'MailFailure'
  readonly reason: MailReason
  /** Who was to take it, and their own words, or those of the system about them, as far as there are any. */
  readonly server: string | null
  readonly said: string | null
  constructor(reason: MailReason, message: string, server: string | null = null, said: string | null = null) {
    super(message)
    this.reason = reason
    this.server = server
    this.said = said
  }
}

interface NodemailerError extends Error {
  readonly code?: string
  readonly command?: string
  readonly response?: string
  readonly responseCode?: number
}

/** Commands whose refusal is about this one mail (RFC 5321 §3.3). */
const ABOUT_THE_MAIL = ['RCPT TO', 'DATA']

const reasonOf = ({ code, command = '', responseCode = 0, message }: NodemailerError): MailReason => {
  if (code === 'EAUTH') return responseCode >= 500 || responseCode === 0 ? 'credentials' : 'postponed'
  if (code === 'ETLS') return 'encryption'
  if (responseCode >= 500) return ABOUT_THE_MAIL.includes(command) ? 'refused' : 'sender'
  if (responseCode >= 400) return 'postponed'
  return /certificate|\bTLS\b|\bSSL\b|altnames/i.test(message) ? 'encryption' : 'unreachable'
}

const LONGEST_ANSWER = 300
/** A shorter one would blot out innocent words. */
const SHORTEST_SECRET = 4

/** One line without any of `secrets`: servers may repeat in their answers what they were sent, folded lines too. */
export const harmless = (text: string, recipient: string, secrets: readonly string[]): string => {
  const written = secrets.flatMap((secret) => [secret, Buffer.from(secret).toString('base64')])
  const longestFirst = written.filter(({ length }) => length >= SHORTEST_SECRET).sort((a, b) => b.length - a.length)
  const whole = text.replace(/=\r?\n/g, '')
  const hidden = longestFirst.reduce((rest, secret) => rest.replaceAll(secret, '***'), whole)
  const shown = hidden.replaceAll(recipient, maskedEmail(recipient)).replace(/[\s\p{Cc}]+/gu, ' ')
  return shown.slice(0, LONGEST_ANSWER)
}

const saidBy = ({ code, message, response, responseCode }: NodemailerError, reason: MailReason): string => {
  // What a server says to a password may hold that password, in one spelling or another.
  if (reason === 'credentials') return `the server does not accept user name and password (${responseCode ?? message})`
  if (reason === 'encryption') return `no encryption: ${message}`
  return code === 'EABORT' ? 'it takes too long' : (response ?? message)
}

/** The same without any word of ours. */
const quotedOf = ({ code, message, response, responseCode }: NodemailerError, reason: MailReason): string | null => {
  if (reason === 'credentials') return responseCode === undefined ? null : String(responseCode)
  return response ?? (code === 'EABORT' ? null : message)
}

/** What nodemailer, or the system below it, has thrown, in words that may be kept. */
export const failureOf = (
  error: unknown,
  server: string,
  recipient: string,
  secrets: readonly string[],
): MailFailure => {
  if (error instanceof MailFailure) return error
  const thrown = error as NodemailerError
  const reason = reasonOf(thrown)
  const said = saidBy(thrown, reason)
  const quoted = quotedOf(thrown, reason)
  const harmlessOf = (text: string) => harmless(text, recipient, secrets)
  return new MailFailure(reason, `${server}: ${harmlessOf(said)}`, server, quoted === null ? null : harmlessOf(quoted))
}
