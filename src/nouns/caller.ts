import { AppError } from '../errors.ts'
import type { Space } from './space.ts'

export type Role = 'account' | 'admin' | 'super'

/** What an API key with a name may be used for (behaviour/requests.md §5.3); `full`: for all that its owner may do. */
export const KEY_SCOPES = ['full', 'read', 'telephony', 'provisioning'] as const
export type KeyScope = (typeof KEY_SCOPES)[number]

/** The named key that somebody calls with. */
export interface CallerKey {
  readonly id: number
  readonly name: string
  readonly scope: KeyScope
}

/** Whoever proved to be an account. `space` is the account's own, which need not be that of the request's host. */
export interface Caller {
  readonly id: number
  readonly username: string
  readonly domain: string
  readonly activated: boolean
  readonly space: Space
  readonly role: Role
  readonly via: 'digest' | 'key' | 'cookie' | 'session'
  /** null: no named key, but the password, a session or the account's own key: it may do whatever its role may. */
  readonly key: CallerKey | null
}

const RANK: Record<Role, number> = { account: 0, admin: 1, super: 2 }

/** What an account is: administrators of a super Space administer every Space. */
export const roleOf = (account: { readonly admin: boolean }, space: Pick<Space, 'super'>): Role =>
  !account.admin ? 'account' : space.super ? 'super' : 'admin'

/** What whoever may not act as `role` is told. */
export const roleNeeded = (role: Role): AppError =>
  new AppError('forbidden', role === 'super' ? 'auth.super_only' : 'auth.admin_only')

export const mayActAs = (caller: Caller, role: Role): boolean => RANK[caller.role] >= RANK[role]

/**
 * The scopes besides `full` with which a key may call a route. Where the route does not say, `read` may look; whatever
 * changes something, and whatever shows what opens an account, is for `full` alone.
 */
export const scopesOf = (method: string, declared: readonly KeyScope[] | undefined): readonly KeyScope[] =>
  declared ?? (method === 'GET' || method === 'HEAD' ? ['read'] : [])

/** Whether the scope of the caller's key is too small; null: it is not. The refusal names what would do. */
export const scopeNeeded = ({ key }: Pick<Caller, 'key'>, scopes: readonly KeyScope[]): AppError | null => {
  if (key === null || key.scope === 'full' || scopes.includes(key.scope)) return null
  const needed = scopes.filter((scope) => scope !== 'full').join(', ')
  return needed === ''
    ? new AppError('forbidden', 'auth.key_scope_full', { values: { scope: key.scope } })
    : new AppError('forbidden', 'auth.key_scope', { values: { scope: key.scope, needed } })
}

/** Whether the caller may be shown what opens an account: tokens, codes, and the like. */
export const seesSecrets = ({ key }: Pick<Caller, 'key'>): boolean => key === null || key.scope === 'full'

/** What is made here would outlive the named key, and know none of its limits: it is for whoever has the account itself. */
export const refuseNamedKey = ({ key }: Pick<Caller, 'key'>): void => {
  if (key !== null) throw new AppError('forbidden', 'api_key.by_key')
}

/** A key that sets up phones does not set up an administrator's: whoever has that phone may do all that they may. */
export const refuseSettingUp = (caller: Pick<Caller, 'key'> | null, account: { readonly admin: boolean }): void => {
  if (caller?.key?.scope === 'provisioning' && account.admin)
    throw new AppError('forbidden', 'api_key.not_for_administrators')
}
