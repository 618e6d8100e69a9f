import { parseSipAddress } from '../../protocols/sip-address.ts'

/** Whose the phone is by its `From`, which names its default account. `unknown`: it says nothing. */
export type Owner = 'account' | 'unknown' | 'other'

/** What the documents of an account have told phones so far; several phones may have had different ones. */
export interface Setup {
  /** `reg_identity` and `reg_proxy` of the latest; null: nobody wrote it down. */
  readonly identity: string | null
  readonly registrar: string | null
  /** One of them has changed since the first. */
  readonly moved: boolean
  /** A phone got the account beside somebody else's. */
  readonly beside: boolean
  /** One had the account's external line in it. */
  readonly line: boolean
}

/** What a document says of the account's name and registrar. */
export type Told = { readonly [K in 'identity' | 'registrar']: string }

export const differs = (told: Told, setup: Setup): boolean =>
  told.identity !== setup.identity || told.registrar !== setup.registrar

/** Where the account stands in a document, and what of a phone's own it may overwrite (compatibility.md §3.2, D58). */
export interface Shape {
  /** The number of the account's proxy, behind fillers if it is not 0; null: the document has no proxies. */
  readonly proxy: number | null
  /** The number of the first credential. Behind fillers, credentials overwrite what a phone has there. */
  readonly authInfo: number
  /** The least number of the external line's proxy; null: it stays out, for the phone has it. */
  readonly line: number | null
  /** Name and registrar are overwritten where one of them has changed. */
  readonly moves: boolean
  /** Not even a document that overwrites everything overwrites a proxy: it may be somebody else's. */
  readonly keepsProxies: boolean
  /** The phone forgets the address, which is spent. */
  readonly once: boolean
}

/** Proxies and credentials in front of these are other accounts' on most phones. */
const PROXY_BEHIND = 4
const AUTH_INFO_BEHIND = 8

export const ownerOf = (from: string | null, account: { username: string; domain: string }): Owner => {
  if (from === null || from.trim() === '') return 'unknown'
  const named = parseSipAddress(from)
  const isOwn =
    named?.user.toLowerCase() === account.username.toLowerCase() && named.host === account.domain.toLowerCase()
  return isOwn ? 'account' : 'other'
}

type OneTimeShape = Shape & { readonly proxy: number }

const FIRST: OneTimeShape = { proxy: 0, authInfo: 0, line: 1, moves: false, keepsProxies: false, once: true }

/**
 * Of a document that is served once. `setup` null: the account's first. What a later one replaces stands behind the
 * credentials that the phone has: those in front may be other accounts', and of two for one user the last one wins.
 */
export const oneTimeShape = (owner: Owner, setup: Setup | null): OneTimeShape => {
  if (owner === 'other') {
    const line = PROXY_BEHIND + 1
    return { ...FIRST, proxy: PROXY_BEHIND, authInfo: AUTH_INFO_BEHIND, line, keepsProxies: true }
  }
  if (setup === null) return FIRST
  const again = { ...FIRST, authInfo: AUTH_INFO_BEHIND, keepsProxies: setup.beside }
  if (owner === 'unknown') return { ...again, keepsProxies: true }
  // The phone has the account, so it has the line as well, unless that is newer.
  return { ...again, moves: !setup.beside, line: setup.line ? null : PROXY_BEHIND }
}

/**
 * Of a document that may be fetched at every start. Proxies behind fillers would be added each time, so a phone that
 * belongs to another account by now gets credentials only.
 */
export const repeatedShape = (owner: Owner, setsNewPassword: boolean): Shape => {
  const behind = owner === 'other' || setsNewPassword
  return {
    ...FIRST,
    proxy: owner === 'other' ? null : 0,
    authInfo: behind ? AUTH_INFO_BEHIND : 0,
    line: owner === 'other' || setsNewPassword ? null : 1,
    keepsProxies: behind,
    once: false,
  }
}

/** The base document has no account; what it says of proxies and credentials stands where it says. */
export const BASE: Shape = { ...FIRST, once: false }
