import type { Config } from '../config/config.ts'
import type { Tables } from '../db/db.ts'
import type { Language } from '../messages/messages.ts'

export type PasswordAlgorithm = 'MD5' | 'SHA-256'

/** How a Space stores passwords. `realm` null: its SIP domain. Algorithm null: the client must choose (D1, D34). */
export interface DigestConfiguration {
  readonly realm: string | null
  readonly defaultPasswordAlgorithm: PasswordAlgorithm | null
}

/** An address book that phones of a Space search in. */
export type CarddavServer = Readonly<Tables['spaceCarddavServers']['$inferSelect']>

/** One HTTP host and one SIP domain with its switches. `digest` null: it stores no passwords. */
export type Space = Readonly<Tables['spaces']['$inferSelect']> & {
  readonly digest: DigestConfiguration | null
  /** By id. Every document names them; most Spaces have none. */
  readonly carddavServers: readonly CarddavServer[]
}

/** A Space with what is kept beside it and shown inside it (behaviour/spaces.md §1.1). */
export type AdministeredSpace = Space & { readonly emailServer: Tables['spaceEmailServers']['$inferSelect'] | null }

/** Which rows a store function may see: those of one Space, or all of them, with the reason written down. */
export type Scope = { readonly space: Pick<Space, 'domain'> } | { readonly all: Proof }

declare const proof: unique symbol
type Proof = { readonly [proof]: string }

/** Leaves the Space's walls. Only for the given reasons, so that every such place can be found by this name. */
export const everySpace = (
  reason: 'authentication' | 'command line' | 'housekeeping' | 'SIP proxy' | 'super administrator',
): Scope => ({
  all: reason as unknown as Proof,
})

/** The realm that enters every HA1 and challenge of the Space's accounts. */
export const realmOf = (space: Space): string => space.digest?.realm ?? space.domain

/** Whether an address belongs to one account at most: the setting counts for every Space, the flag for one (D51). */
export const hasUniqueEmails = (config: Pick<Config, 'ACCOUNT_EMAIL_UNIQUE'>, space: Pick<Space, 'uniqueEmail'>) =>
  config.ACCOUNT_EMAIL_UNIQUE || space.uniqueEmail

/** Expired from 00:00 UTC of the stored date, or as soon as its deletion is set (behaviour/spaces.md §6). */
export const isExpired = (space: Space, now: Date): boolean =>
  space.purgeAt !== null || (space.expireAt !== null && space.expireAt <= now)

/** The language of messages to an account (behaviour/languages.md §4): its own, its Space's, or its causer's. */
export const languageOf = (
  account: { readonly locale: Language | null },
  space: Pick<Space, 'locale'>,
  fallback: Language = 'en',
): Language => account.locale ?? space.locale ?? fallback
