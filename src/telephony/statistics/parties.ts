import { parseSipAddress } from '../../protocols/sip-address.ts'

/** Who called or wrote, or was called or written to: an account of ours or of somebody else. */
export interface Party {
  readonly username: string
  /** In lower case. */
  readonly domain: string
}

/**
 * `user@host` or a SIP URI, without what it says about reaching them (behaviour/statistics.md §1.1). null: it names no
 * user at a host.
 */
export const partyOf = (text: string): Party | null => {
  const isUri = /^["<]|^sips?:/i.test(text)
  const address = parseSipAddress(isUri ? text : `sip:${text}`)
  return address === null ? null : { username: address.user, domain: address.host }
}

export const isSameParty = (one: Party, other: Party): boolean =>
  one.username === other.username && one.domain === other.domain
