import type { Message, MessageId, MessageValues } from './messages/messages.ts'

/** The closed list of ways we say no; `http/errors.ts` and `cli/` hold the only maps to statuses and exit codes. */
export type RefusalCode =
  | 'malformed' // 400
  | 'unauthenticated' // 401
  | 'forbidden' // 403
  | 'not_found' // 404
  | 'conflict' // 409
  | 'gone' // 410
  | 'too_large' // 413
  | 'invalid' // 422, `fields` says where
  | 'rate_limited' // 429, `retryAfterSeconds` says how long
  | 'unavailable' // 503

/** Wire field name → its messages, in the order of the rules. */
export type FieldMessages = ReadonlyMap<string, readonly Message[]>

interface Details {
  readonly values?: MessageValues
  /** As in `Message`. */
  readonly setting?: string
  readonly fields?: FieldMessages
  readonly retryAfterSeconds?: number
  /** For the log, never shown. */
  readonly cause?: unknown
}

/** A refusal whose message may be shown to whoever asked. Anything else that is thrown is our bug. */
export class AppError extends Error {
  readonly code: RefusalCode
  readonly text: Message
  readonly fields: FieldMessages
  readonly retryAfterSeconds: number | null

  constructor(code: RefusalCode, id: MessageId, details: Details = {}) {
    // A refusal is an answer, not a defect: nobody reads its stack, and collecting one costs more than the rest.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(id, { cause: details.cause })
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'AppError'
    this.code = code
    const { values, setting } = details
    this.text = { id, ...(values === undefined ? {} : { values }), ...(setting === undefined ? {} : { setting }) }
    this.fields = details.fields ?? new Map()
    this.retryAfterSeconds = details.retryAfterSeconds ?? null
  }
}

/** One member of a body is refused, by its name on the wire. Where several may be, an `Input` collects them. */
export const invalid = (field: string, id: MessageId, values?: MessageValues): AppError =>
  new AppError('invalid', 'errors.invalid', {
    fields: new Map([[field, [values === undefined ? { id } : { id, values }]]]),
  })
