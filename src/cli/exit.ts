import { ConfigurationError } from '../config/config.ts'
import { SchemaError } from '../db/migrations.ts'
import { type Outage, outageOf } from '../db/outage.ts'
import { AppError, type RefusalCode } from '../errors.ts'
import { fieldName, translate } from '../messages/messages.ts'

/** What scripts read (docs/operations.md, Exit codes). */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  dependencyDown: 69,
  diskFailed: 74,
  tryAgain: 75,
  configuration: 78,
  /** As programs end that a closed pipe stops: 128 and SIGPIPE. */
  unread: 141,
} as const

const OF_REFUSAL: Partial<Record<RefusalCode, number>> = {
  not_found: EXIT.notFound,
  forbidden: EXIT.refused,
  conflict: EXIT.refused,
  invalid: EXIT.usage,
  rate_limited: EXIT.tryAgain,
  unavailable: EXIT.dependencyDown,
}

const OF_OUTAGE: Readonly<Record<Outage, readonly [sentence: string, exitCode: number]>> = {
  busy: ['The database is busy; try again', EXIT.tryAgain],
  refused: ['The database refuses what DATABASE_URL says', EXIT.configuration],
  away: ['The database does not answer', EXIT.dependencyDown],
  unusable: ['The database cannot be used', EXIT.dependencyDown],
}

/** The same for people: help, the manual page and docs/operations.md. */
export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.done, 'done, or nothing to do'],
  [EXIT.failed, 'failed: a port in use, a damaged backup, problems that doctor found'],
  [EXIT.usage, 'the command or its values cannot be understood, or a value is missing and nobody can be asked'],
  [EXIT.notFound, 'the Space, account, country or backup does not exist'],
  [EXIT.refused, 'refused by a rule: it exists already, a file would be replaced, a yes is missing'],
  [EXIT.dependencyDown, 'the database, or another server that is needed, does not answer or cannot be used'],
  [EXIT.diskFailed, 'the disk did not keep what was written to the database'],
  [EXIT.tryAgain, 'busy: try again'],
  [EXIT.configuration, 'a setting is wrong, or the database is of a newer version'],
  [EXIT.unread, 'whoever read what was printed has closed the pipe'],
]

/** A sentence for the operator, with the code that a script reads. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number
  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

/** A failure of what we stand on, in a sentence: of the database, or of the file system. null: a bug of ours. */
const explainSurroundings = (error: unknown): { message: string; exitCode: number } | null => {
  // Drizzle wraps what the driver throws.
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { syscall, message } = cause as Error & { syscall?: unknown }
    if (typeof syscall === 'string') return { message, exitCode: EXIT.failed }
    const found = outageOf(cause)
    if (found === null) continue
    const [sentence, exitCode] = OF_OUTAGE[found]
    return { message: `${sentence}: ${message}`, exitCode }
  }
  return null
}

const sentences = (error: AppError): string => {
  const fields = [...error.fields].flatMap(([field, messages]) =>
    messages.map(({ id, values }) => translate('en', { id, values: { field: fieldName('en', field), ...values } })),
  )
  return fields.length > 0 ? fields.join('\n') : translate('en', error.text)
}

/** What to print and how to end when a command has thrown. */
export const explainFailure = (error: unknown): { message: string; exitCode: number } => {
  if (error instanceof CommandError) return { message: error.message, exitCode: error.exitCode }
  if (error instanceof ConfigurationError) {
    return { message: error.problems.map((problem) => `- ${problem}`).join('\n'), exitCode: EXIT.configuration }
  }
  if (error instanceof SchemaError) return { message: error.message, exitCode: EXIT.configuration }
  if (error instanceof AppError) {
    return { message: sentences(error), exitCode: OF_REFUSAL[error.code] ?? EXIT.failed }
  }
  const surroundings = explainSurroundings(error)
  if (surroundings !== null) return surroundings
  // The message of a failed query repeats every value; what the database said of it does not.
  const isQuery = error instanceof Error && 'params' in error && error.cause instanceof Error
  const shown = isQuery ? error.cause : error
  return { message: shown instanceof Error ? (shown.stack ?? shown.message) : String(shown), exitCode: EXIT.failed }
}
