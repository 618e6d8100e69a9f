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
  unavailable: EXIT.dependencyDown,
}

/** A sentence for the operator, with the code that a script reads. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number
  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

const isConnectionFailure = (error: unknown): boolean => {
  const { code, errno } = error as { code?: string; errno?: string }
  return /^ERR_POSTGRES_CONNECTION|ECONNREFUSED|ENOTFOUND|ETIMEDOUT/.test(`${code} ${errno}`)
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
  if (isConnectionFailure(error)) {
    return { message: `The database does not answer: ${(error as Error).message}`, exitCode: EXIT.dependencyDown }
  }
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error), exitCode: EXIT.failed }
}
