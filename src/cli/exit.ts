import { ConfigurationError } from '../config/config.ts'
import { SchemaError } from '../db/migrations.ts'
import { AppError, type RefusalCode } from '../errors.ts'
import { translate } from '../messages/messages.ts'

/** spec ops.md §2 */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  dependencyDown: 69,
  tryAgain: 75,
  configuration: 78,
} as const

const OF_REFUSAL: Partial<Record<RefusalCode, number>> = {
  not_found: EXIT.notFound,
  forbidden: EXIT.refused,
  conflict: EXIT.refused,
  invalid: EXIT.usage,
  rate_limited: EXIT.tryAgain,
  unavailable: EXIT.dependencyDown,
}

/** What drivers and the system call a failure, the first that fits. PostgreSQL's codes: its manual, appendix A. */
const OF_FAILURE: readonly (readonly [code: RegExp, sentence: string, exitCode: number])[] = [
  [/^(SQLITE_(BUSY|LOCKED)|40001|40P01|53300|57P03)/, 'The database is busy; try again', EXIT.tryAgain],
  [/^(28P01|28000|3D000|3F000)$/, 'The database refuses what DATABASE_URL says', EXIT.configuration],
  [/^(ERR_POSTGRES_CONNECTION|08|57P0|ECONNREFUSED$)/, 'The database does not answer', EXIT.dependencyDown],
  [/^SQLITE_(CANTOPEN|CORRUPT|FULL|IOERR|NOTADB|PERM|READONLY)/, 'The database cannot be used', EXIT.dependencyDown],
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
    const { code, errno, syscall, message } = cause as Error & { code?: unknown; errno?: unknown; syscall?: unknown }
    for (const [pattern, sentence, exitCode] of OF_FAILURE) {
      // PostgreSQL's own codes are in `errno`, its driver's in `code`.
      if (pattern.test(String(code)) || pattern.test(String(errno)))
        return { message: `${sentence}: ${message}`, exitCode }
    }
    if (typeof syscall === 'string') return { message, exitCode: EXIT.failed }
  }
  return null
}

const sentences = (error: AppError): string => {
  const fields = [...error.fields].flatMap(([field, messages]) =>
    messages.map((message) => translate('en', { id: message.id, values: { field, ...message.values } })),
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
