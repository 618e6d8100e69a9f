import { AppError } from '../errors.ts'
import type { Space } from './space.ts'

export type Role = 'account' | 'admin' | 'super'

/** Whoever proved to be an account. `space` is the account's own, which need not be that of the request's host. */
export interface Caller {
  readonly id: number
  readonly username: string
  readonly domain: string
  readonly activated: boolean
  readonly space: Space
  readonly role: Role
  readonly via: 'digest' | 'key' | 'cookie' | 'session'
}

const RANK: Record<Role, number> = { account: 0, admin: 1, super: 2 }

/** What an account is: administrators of a super Space administer every Space. */
export const roleOf = (account: { readonly admin: boolean }, space: Pick<Space, 'super'>): Role =>
  !account.admin ? 'account' : space.super ? 'super' : 'admin'

/** What whoever may not act as `role` is told. */
export const roleNeeded = (role: Role): AppError =>
  new AppError('forbidden', role === 'super' ? 'auth.super_only' : 'auth.admin_only')

export const mayActAs = (caller: Caller, role: Role): boolean => RANK[caller.role] >= RANK[role]
