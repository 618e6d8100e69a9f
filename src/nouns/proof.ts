import type { AppError } from '../errors.ts'
import type { Caller, KeyScope, Role } from './caller.ts'

/** What of an HTTP request proves an identity. */
export interface Proof {
  readonly method: string
  path(): string
  /** Whether a client that signed `uri` means this request. */
  isTarget(uri: string): boolean
  readonly authorization: string | null
  readonly from: string | null
  readonly apiKey: string | null
  readonly apiKeyCookie: string | null
}

/** Who calls, or why nobody may; and what the reply challenges its client with, in either case. */
export interface Verdict {
  /** Known even where it may not act as the role that was asked for. */
  readonly caller: Caller | null
  readonly refused: AppError | null
  readonly challenge: string | null
}

/** What a route asks of its caller. */
export interface Needs {
  readonly role: Role
  /** Of named keys, besides `full`. */
  readonly scopes: readonly KeyScope[]
}
