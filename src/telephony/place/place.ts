import type { NamedAccount } from '../../accounts/account-news/account-news.ts'
import type { Owner } from '../../accounts/accounts/accounts.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Crumb } from '../../panel/components/head.tsx'
import type { Translate } from '../../panel/kit.tsx'

/** Whose telephony a page is about, whoever looks at it. */
export interface Subject {
  /** In the Space of the account, for use cases. */
  readonly visit: Visit
  readonly account: NamedAccount & Owner
  /** The page that lists it all, and below which everything is done. */
  readonly root: string
  /** The way down to that page. */
  readonly above: (t: Translate) => readonly Crumb[]
}

interface Asked {
  readonly visit: Visit
  readonly caller: Caller
  readonly params: Readonly<Record<string, string>>
}

/**
 * Where pages about telephony are: below an account's own, or below one that somebody administers. Whom they are about
 * comes from their address, never from who looks (behaviour/panel.md §4.10 and behaviour/panel.md §7.18).
 */
export interface Place {
  readonly prefix: string
  readonly signedIn: 'account' | 'admin'
  of(asked: Asked): Subject | Promise<Subject>
}

const OWN = '/telephony'

/** An account's own. */
export const OWN_TELEPHONY: Place = {
  prefix: OWN,
  signedIn: 'account',
  of: ({ visit, caller }) => ({ visit, account: caller, root: OWN, above: () => [] }),
}
