import { AppError } from '../errors.ts'

/** What closes an account to everybody, whatever they know of it. */
export interface Standing {
  readonly blocked: boolean
  /** By an administrator, and only one switches it on again; an account that nobody has confirmed yet is not (D48). */
  readonly switchedOff: boolean
}

/** Why nobody may use the account now, in a word for the log; null: it is open. */
export const closureOf = ({ blocked, switchedOff }: Standing): 'blocked' | 'switched_off' | null =>
  blocked ? 'blocked' : switchedOff ? 'switched_off' : null

/** Refuses, with `forbidden`, an account that is blocked or switched off. */
export const refuseClosed = (account: Standing): void => {
  const closure = closureOf(account)
  if (closure !== null) throw new AppError('forbidden', closure === 'blocked' ? 'auth.blocked' : 'auth.switched_off')
}
