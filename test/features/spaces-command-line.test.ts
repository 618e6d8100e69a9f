import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { AppError } from '../../src/errors.ts'
import { type TestApp, testApp } from '../support/app.ts'

// What `spaces:create-update` promises (behaviour/spaces.md §7): an upsert by SIP domain that says no in words.

let t: TestApp
beforeEach(async () => {
  t = await testApp()
})
afterEach(() => t.close())

type Wanted = Parameters<TestApp['parts']['spaceAdministration']['upsert']>[0]
const alpha: Wanted = { domain: 'sip.alpha.example', host: 'alpha.localhost', name: 'Alpha' }
const upsert = (more: Partial<Wanted> = {}) => t.parts.spaceAdministration.upsert({ ...alpha, ...more })
/** How it was refused: the code, then the fields, or the text. */
const refusalOf = async (more: Partial<Wanted>) => {
  try {
    await upsert(more)
    return 'done'
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return [error.code, ...(error.fields.size > 0 ? error.fields.keys() : [error.text.id])].join(' ')
  }
}
const events = () => t.lines.filter((line) => /space\.(created|updated)/.test(line))

describe('refuses, and stores nothing', () => {
  const refusals: [string, Partial<Wanted>, string][] = [
    ['no domain', { domain: 'not a domain' }, 'invalid sip_domain'],
    ['a domain in upper case', { domain: 'SIP.alpha.example' }, 'invalid sip_domain'],
    ['a domain with a port', { domain: 'sip.alpha.example:5060' }, 'invalid sip_domain'],
    ['a domain of 65 characters', { domain: `${'a'.repeat(57)}.example` }, 'invalid sip_domain'],
    ['no host', { host: '' }, 'invalid host'],
    ['a host with a path', { host: 'alpha.localhost/x' }, 'invalid host'],
    ['no name', { name: ' ' }, 'invalid name'],
    ['a name of two lines', { name: 'Alpha\nBeta' }, 'invalid name'],
    ['a name of 256 characters', { name: 'a'.repeat(256) }, 'invalid name'],
    ['a realm that would break a challenge', { realm: 'a"b' }, 'invalid realm'],
    ['an empty realm', { realm: '' }, 'invalid realm'],
    ['everything that is wrong at once', { domain: '-', host: '-', name: '' }, 'invalid sip_domain host name'],
    ['the host of another Space', { host: 'other.localhost' }, 'conflict space.host_taken'],
    ['the name of another Space', { name: 'Other' }, 'conflict space.name_taken'],
    ['a host outside APP_ROOT_HOST', { host: 'alpha.example' }, 'conflict space.outside_root'],
    [
      'a host outside APP_ROOT_HOST, changing',
      { domain: 'sip.example.org', host: 'notlocalhost', name: 'Example' },
      'conflict space.outside_root',
    ],
    [
      'the host of another Space, changing',
      { domain: 'sip.example.org', host: 'other.localhost', name: 'Example' },
      'conflict space.host_taken',
    ],
    [
      'the name of another Space, changing',
      { domain: 'sip.example.org', host: 'localhost', name: 'Other' },
      'conflict space.name_taken',
    ],
    [
      'the end of the last super Space',
      { domain: 'sip.example.org', host: 'localhost', name: 'Example', super: false },
      'forbidden space.last_super',
    ],
  ]
  for (const [name, wanted, refusal] of refusals) {
    test(name, async () => {
      const before = await t.snapshot()
      expect(await refusalOf(wanted)).toBe(refusal)
      expect(await t.snapshot()).toBe(before)
      expect(events()).toEqual([])
    })
  }

  test('another realm for a Space that has accounts', async () => {
    const { space } = await upsert({ realm: 'voip.alpha.example' })
    await t.account({ space })
    const before = await t.snapshot()
    expect(await refusalOf({ realm: 'new.alpha.example' })).toBe('conflict v.realm_fixed')
    expect(await refusalOf({ realm: alpha.domain })).toBe('conflict v.realm_fixed')
    expect(await t.snapshot()).toBe(before)
    expect((await upsert({ realm: 'voip.alpha.example', name: 'Alpha 2' })).space.name).toBe('Alpha 2')
  })

  test('a super Space that would expire', async () => {
    await t.space({ ...alpha, expireAt: new Date('2027-01-01') })
    expect(await refusalOf({ super: true })).toBe('conflict v.super_expires')
    expect((await upsert({ name: 'Alpha 2' })).space.expireAt).toEqual(new Date('2027-01-01'))
  })
})

describe('creates', () => {
  test('a Space with a digest configuration, which answers at once', async () => {
    const { space, created } = await upsert()
    expect([created, space.super, space.digest?.realm, space.digest?.defaultPasswordAlgorithm]).toEqual([
      true,
      false,
      null,
      null,
    ])
    expect((await t.get('/api/ping', { host: 'alpha.localhost' })).status).toBe(200)
    expect(events()).toHaveLength(1)
    expect(events()[0]).toContain('command line')
  })

  test('what a LAN has: addresses, localhost and single labels', async () => {
    for (const [domain, root, host, sent] of [
      ['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.1:8080'],
      ['2001:db8::1', '2001:db8::1', '2001:db8::1', '[2001:db8::1]:8080'],
      ['pbx', 'pbx', 'pbx', 'pbx'],
      ['localhost', 'lan', 'pbx.lan', 'pbx.lan'],
    ] as const) {
      const lan = await testApp({ env: { APP_ROOT_HOST: root } })
      const { space } = await lan.parts.spaceAdministration.upsert({ domain, host, name: 'LAN', realm: 'asterisk' })
      expect([space.domain, space.host, space.digest?.realm]).toEqual([domain, host, 'asterisk'])
      expect((await lan.get('/api/ping', { host: sent })).status).toBe(200)
      await lan.close()
    }
  })

  test('with the defaults of the instance', async () => {
    await t.close()
    t = await testApp({ env: { ACCOUNT_DEFAULT_PASSWORD_ALGORITHM: 'MD5', ACCOUNT_EMAIL_UNIQUE: 'true' } })
    const { space } = await upsert({ super: true, realm: alpha.domain })
    expect([space.super, space.uniqueEmail, space.digest?.realm, space.digest?.defaultPasswordAlgorithm]).toEqual([
      true,
      true,
      null,
      'MD5',
    ])
    expect((await upsert({ algorithm: 'SHA-256' })).space.digest?.defaultPasswordAlgorithm).toBe('SHA-256')
  })

  test('once, when twenty ask at once', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => upsert()))
    expect(results.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(results.map(({ space }) => space.id)).size).toBe(1)
  })
})

describe('changes', () => {
  test('only what is given', async () => {
    await upsert({ super: true, realm: 'voip.alpha.example', algorithm: 'MD5' })
    const { space, created } = await upsert({ host: 'alpha2.localhost' })
    expect([created, space.host, space.super, space.digest?.realm, space.digest?.defaultPasswordAlgorithm]).toEqual([
      false,
      'alpha2.localhost',
      true,
      'voip.alpha.example',
      'MD5',
    ])
    expect((await t.get('/api/ping', { host: 'alpha.localhost' })).status).toBe(404)
    expect((await upsert({ super: false })).space.super).toBe(false)
    expect(events().map((line) => /fields="?([\w,]+)/.exec(line)?.[1])).toEqual([undefined, 'host', 'host,super'])
  })

  test('the word for calls that nobody answers, when it is given', async () => {
    expect((await upsert()).space.callForwardingNoAnswerWire).toBe('away')
    expect((await upsert({ callForwardingNoAnswerWire: 'no_answer' })).space.callForwardingNoAnswerWire).toBe(
      'no_answer',
    )
    expect((await upsert({ name: 'Alpha 2' })).space.callForwardingNoAnswerWire).toBe('no_answer')
    expect((await upsert({ callForwardingNoAnswerWire: 'away' })).space.callForwardingNoAnswerWire).toBe('away')
  })

  test('nothing about DIGEST that was switched off, until somebody names a realm or an algorithm', async () => {
    await t.space({ ...alpha, digest: null })
    expect((await upsert()).space.digest).toBeNull()
    expect((await upsert({ algorithm: 'MD5' })).space.digest).toMatchObject({
      realm: null,
      defaultPasswordAlgorithm: 'MD5',
    })
  })

  test('two Spaces to one host at once: one has it, the other is told', async () => {
    await upsert()
    const results = await Promise.allSettled([
      upsert({ host: 'same.localhost' }),
      upsert({ domain: 'sip.other.org', name: 'Other', host: 'same.localhost' }),
    ])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const refused = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult
    expect(refused.reason).toMatchObject({ code: 'conflict', text: { id: 'space.host_taken' } })
  })
})
