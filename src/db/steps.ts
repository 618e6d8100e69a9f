import { hashOfToken } from '../secrets.ts'

type Row = Readonly<Record<string, unknown>>

/** Which rows of a table are rewritten, and what of them. `key` tells them apart. */
export interface Rewriting {
  readonly table: string
  readonly key: { readonly name: string; readonly type: 'integer' | 'text' }
  /** Columns of text. */
  readonly columns: readonly string[]
  readonly where: string
}

/** What a step may do, inside the transaction of its migration. */
export interface Rewriter {
  /** Stores in each of the rows what `change` makes of its columns. */
  rewrite(rows: Rewriting, change: (row: Row) => Row): Promise<void>
}

/** Seals what must be read again; null: there is no key at hand, and it is not kept. */
export type Seal = ((plain: string) => string) | null

/** Rows are read and written so many at a time. */
export const REWRITE_BATCH = 1000

const ID = { name: 'id', type: 'integer' } as const

/** Hashes are longer than every token: a row that was met before is left alone. */
const IN_CLEAR = 'length(token) < 64'

/**
 * Tokens in clear become hashes, and those that somebody may see again are sealed. Links and QR codes go on working.
 */
const hashTokens = async (on: Rewriter, seal: Seal): Promise<void> => {
  const sealed = (text: string) => seal?.(text) ?? null
  const hashed = ({ token }: Row) => ({ token: hashOfToken(String(token)) })
  for (const table of ['account_creation_tokens', 'account_creation_request_tokens', 'account_recovery_tokens']) {
    await on.rewrite({ table, key: ID, columns: ['token'], where: IN_CLEAR }, hashed)
  }
  const key = { name: 'token', type: 'text' } as const
  await on.rewrite({ table: 'wizards', key, columns: ['token'], where: IN_CLEAR }, hashed)
  const provisioning = { table: 'provisioning_tokens', key: ID, columns: ['token', 'sealed'] }
  await on.rewrite({ ...provisioning, where: `${IN_CLEAR} AND used` }, hashed)
  await on.rewrite({ ...provisioning, where: IN_CLEAR }, ({ token }) => ({
    token: hashOfToken(String(token)),
    sealed: sealed(String(token)),
  }))
  await on.rewrite(
    { table: 'account_confirmation_keys', key: ID, columns: ['key', 'sealed'], where: 'length(key) < 64' },
    ({ key }) => ({ key: hashOfToken(String(key)), sealed: sealed(String(key)) }),
  )
}

const STEPS: Readonly<Record<string, (on: Rewriter, seal: Seal) => Promise<void>>> = { 'hash-tokens': hashTokens }

/** A statement `-- run: name` stands for what SQL cannot say; null: it is SQL. */
export const stepOf = (statement: string) => {
  const name = /^-- run: ([a-z-]+)$/.exec(statement)?.[1]
  if (name === undefined) return null
  const step = STEPS[name]
  if (step === undefined) throw new Error(`A migration names a step that there is not: ${name}`)
  return step
}
