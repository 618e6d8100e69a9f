import { expect, test } from 'bun:test'
import type { SecurityEvent, SecurityFields } from '../../src/logging/logging.ts'
import { roleOf } from '../../src/nouns/caller.ts'
import { actionRecords, securityRecords } from '../../src/nouns/security-record.ts'
import type { Visit } from '../../src/nouns/visit.ts'

const alice = { username: 'alice', domain: 'sip.example.org' }
const admin = { username: 'admin', domain: 'sip.admin.org' }
const origin = { address: '192.0.2.7', userAgent: 'phone', id: 'r1', space: { domain: 'sip.host.org' } }
const visit = (caller: typeof admin | null) => ({ ...origin, caller }) as unknown as Visit

const written: [SecurityEvent, SecurityFields][] = []
const log = { security: (event: SecurityEvent, fields: SecurityFields) => written.push([event, fields]) }
const last = () => written.at(-1)

test('an event names where it came from, the account, and the Space of the account', () => {
  securityRecords(log)('auth.login.fail', origin, alice, { reason: 'bad_password' })
  expect(last()).toEqual([
    'auth.login.fail',
    {
      ip: '192.0.2.7',
      space: 'sip.example.org',
      account: 'alice@sip.example.org',
      ua: 'phone',
      rid: 'r1',
      reason: 'bad_password',
    },
  ])
})

test('an event about nobody in particular names the Space that was asked, or the one that it says', () => {
  const record = securityRecords(log)
  record('auth.key.fail', origin, null)
  expect(last()?.[1]).toMatchObject({ space: 'sip.host.org', account: null })
  record('admin.denied', origin, alice, { space: 'sip.host.org' })
  expect(last()?.[1]).toMatchObject({ space: 'sip.host.org', account: 'alice@sip.example.org' })
})

test('an action names who did it, which a service of ours may be', () => {
  const record = actionRecords(log)
  record('account.deleted', visit(admin), alice)
  expect(last()?.[1]).toMatchObject({ account: 'alice@sip.example.org', by: 'admin@sip.admin.org' })
  record('account.created', visit(null), alice)
  expect(last()?.[1].by).toBeNull()
  record('account.blocked', visit(admin), alice, { by: 'blocking service' })
  expect(last()?.[1].by).toBe('blocking service')
})

test('only an administrator of a super Space is a super administrator', () => {
  expect(roleOf({ admin: false }, { super: true })).toBe('account')
  expect(roleOf({ admin: false }, { super: false })).toBe('account')
  expect(roleOf({ admin: true }, { super: false })).toBe('admin')
  expect(roleOf({ admin: true }, { super: true })).toBe('super')
})
