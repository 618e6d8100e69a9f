import type { Space } from './space.ts'

export type Role = 'account' | 'admin' | 'super'

/** Whoever proved to be an account. `space` is the account's own, which need not be that of the request's host. */
export interface Caller {
  readonly id: number
  readonly username: string
  readonly domain: string
  readonly admin: boolean
  readonly activated: boolean
  readonly space: Space
  readonly role: Role
  readonly via: 'digest' | 'key' | 'cookie' | 'session'
}

const RANK: Record<Role, number> = { account: 0, admin: 1, super: 2 }

export const mayActAs = (caller: Caller, role: Role): boolean => RANK[caller.role] >= RANK[role]
