import type { Logging, SecurityEvent, SecurityFields } from '../logging/logging.ts'
import { type Addressed, addressOfRecord } from '../protocols/sip-address.ts'
import type { Visit } from './visit.ts'

/** What of a visit stands in every record that it causes. */
type Origin = Pick<Visit, 'address' | 'userAgent' | 'id'> & { readonly space: { readonly domain: string } }

/** From where a request came, in which Space, and which account is concerned, if any. The Space is that of the account. */
export const causeOf = (visit: Origin, concerned: Addressed | null): SecurityFields => ({
  ip: visit.address,
  space: concerned?.domain ?? visit.space.domain,
  account: concerned === null ? null : addressOfRecord(concerned),
  ua: visit.userAgent,
  rid: visit.id,
})

/**
 * Writes an event that a request caused to the security log. `more`: what else belongs to it; it may name another
 * Space.
 */
export const securityRecords =
  (log: Pick<Logging, 'security'>) =>
  (event: SecurityEvent, visit: Origin, concerned: Addressed | null, more: SecurityFields = {}): void =>
    log.security(event, { ...causeOf(visit, concerned), ...more })

/** The same for what somebody does on purpose: it says `by` whom, where the caller was recognised. */
export const actionRecords = (log: Pick<Logging, 'security'>) => {
  const record = securityRecords(log)
  return (event: SecurityEvent, visit: Visit, concerned: Addressed | null, more: SecurityFields = {}): void =>
    record(event, visit, concerned, { by: visit.caller === null ? null : addressOfRecord(visit.caller), ...more })
}
