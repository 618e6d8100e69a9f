import type { Language } from '../messages/messages.ts'
import type { Caller } from './caller.ts'
import type { Session } from './session.ts'
import type { Space } from './space.ts'

/** What a client sent: names and values, whatever they are. A schema reads them (`http/input.ts`). */
export type Members = Readonly<Record<string, unknown>>

/**
 * Who asks, from where, and in which language: what a use case may know about a request. It reads, and never writes;
 * what belongs to the reply stands in `http/exchange.ts`.
 */
export interface Visit {
  /** That of the host. The caller's own may be another one. */
  readonly space: Space
  /** null: nobody was recognised. */
  readonly caller: Caller | null
  /** Of the caller's browser, on pages that need one. */
  readonly session: Session | null
  /** The client's address: the TCP peer, or the forwarded one from a trusted proxy; in canonical form. */
  readonly address: string
  /** Whom limits by address count: the IPv4 address, or the /64 of an IPv6 one (D56). */
  readonly network: string
  /** At most 255 characters. */
  readonly userAgent: string | null
  /** The SIP address that a client says is its own, as it says it. */
  readonly from: string | null
  readonly language: Language
  /** What the visitor chose here; an account that signs in now goes on with it. */
  readonly chosenLanguage: Language | null
  /** The body or the query: parsed, trimmed, blank strings as null; empty for a body that is no object. */
  readonly input: Members
  /** The path that was asked for, without its query. */
  readonly path: string
  /** The request was a HEAD: nothing may change. */
  readonly head: boolean
  /** A browser says that a page of somebody else asks: a cookie that comes with it changes nothing (CSRF). */
  readonly isCrossSite: boolean
  /** A person reads the answer: it is a page of the panel, or a form on one. */
  readonly isPage: boolean
  /** In log lines and in replies to our own bugs. */
  readonly id: string
  /** It came by HTTPS. */
  readonly secure: boolean
  /** `https://accounts.example.org`, the host from the Space's row, the rest as everywhere (D57). */
  baseUrl(space?: Pick<Space, 'host'>): string
}
