import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { TObject } from '@sinclair/typebox'
import { type TestAccount, type TestApp, testApp, WITH_MAIL } from '../support/app.ts'
import { nameOf, objectsOf, type Route, routesOf } from '../support/routes.ts'
import { visitor } from '../support/visitor.ts'

// What somebody sends is measured before a pattern runs on it: the time of a pattern grows with the text.

/** Longer than whatever a form takes, but for the long texts of administrators and vCards. */
const LONG = 10_000
/** Longer than those. */
const LONGEST = 70_000
/** Headers and paths of a request are shorter, and so are our statements, which the database's driver looks at. */
const SHORT = 4000

let t: TestApp
let admin: TestAccount

beforeAll(async () => {
  t = await testApp({
    env: { ...WITH_MAIL, ACCOUNT_BLACKLISTED_USERNAMES: 'operator,(a+)+$', LEGACY_API: 'true' },
  })
  await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set({ uniqueEmail: true }).returning())
  t.parts.spaces.forget()
  admin = await t.account({ username: 'admin', admin: true })
})
afterAll(() => t.close())

/** The longest text that any pattern ran on since it was last emptied, and which pattern that was. */
let seen = { length: 0, pattern: '' }
const { exec, test: matches } = RegExp.prototype
const ofText = ['match', 'matchAll', 'replace', 'replaceAll', 'search', 'split'] as const
const originals = ofText.map((name) => [name, String.prototype[name]] as const)

/** A page escapes what it shows, character by character; the test itself looks for forms and fields in it. */
const isOurs = (pattern: RegExp) => String(pattern) !== String(/["&<]/) && !String(pattern).startsWith('/<')

const note = (pattern: unknown, text: unknown) => {
  if (typeof text === 'string' && text.length > seen.length && pattern instanceof RegExp && isOurs(pattern)) {
    seen = { length: text.length, pattern: String(pattern) }
  }
}

beforeEach(() => {
  RegExp.prototype.exec = function (text: string) {
    note(this, text)
    return exec.call(this, text)
  }
  RegExp.prototype.test = function (text: string) {
    note(this, text)
    return matches.call(this, text)
  }
  for (const [name, original] of originals) {
    Object.assign(String.prototype, {
      [name](this: string, pattern: unknown, ...more: unknown[]) {
        note(pattern, String(this))
        return (original as (...all: unknown[]) => unknown).call(this, pattern, ...more)
      },
    })
  }
})
afterEach(() => {
  Object.assign(RegExp.prototype, { exec, test: matches })
  for (const [name, original] of originals) Object.assign(String.prototype, { [name]: original })
})

const membersOf = ({ method, path }: Route): string[] => {
  const route = t.routes.routes.find((each) => each.method === method && each.path.replace(/\/$/, '') === path)
  type Detail = { requestBody?: { content: { 'application/json'?: { schema: TObject } } } }
  const { detail } = (route?.hooks ?? {}) as { detail?: Detail }
  return Object.keys(detail?.requestBody?.content['application/json']?.schema.properties ?? {})
}

const chunks = (names: readonly string[], size: number): string[][] =>
  names.length === 0 ? [] : [names.slice(0, size), ...chunks(names.slice(size), size)]

const bodies = (length: number): [string, string][] => [
  ['letters', 'a'.repeat(length)],
  ['an address', `${'a.'.repeat(length / 2)}@example.org`],
  ['a number', `+33${'1'.repeat(length)}`],
  ['blanks in the middle', `a${' '.repeat(length)}b`],
  ['a card', `BEGIN:VCARD\nVERSION:4.0\nUID:a${';"a"'.repeat(length / 4)}\nEND:VCARD`],
]

describe('no pattern runs on long text', () => {
  test('in any member of any route that takes a body', async () => {
    const objects = await objectsOf(t, t.main)
    const writing = routesOf(t).filter(({ method, isPage }) => method !== 'GET' && method !== 'DELETE' && !isPage)
    const offenders: string[] = []
    let sent = 0
    for (const route of writing.filter(({ path }) => path.startsWith('/api/'))) {
      const members = membersOf(route)
      const lengths = route.role === null ? [LONG] : [LONG, LONGEST]
      for (const [what, text] of lengths.flatMap(bodies)) {
        // Together they would be more than a body may be.
        const names = chunks(members, text.length < LONGEST ? 5 : 1)
        for (const each of names) {
          const takes = text.length < LONGEST && each.some((name) => LONG_TEXTS.has(name))
          const all = takes ? each.filter((name) => !LONG_TEXTS.has(name)) : each
          const body = Object.fromEntries(all.map((name) => [name, text]))
          const as = route.role === null ? {} : { as: admin }
          seen = { length: 0, pattern: '' }
          const reply = await t.send(route.method, objects.urlOf(route), { ...as, body })
          sent += 1
          if (reply.status >= 500) offenders.push(`${nameOf(route)} ${what}: ${reply.status}`)
          if (seen.length > SHORT) offenders.push(`${nameOf(route)} ${what}: ${seen.pattern} on ${seen.length}`)
        }
      }
    }
    expect(offenders).toEqual([])
    expect(sent).toBeGreaterThan(300)
  })

  test('that somebody types on a page', async () => {
    for (const [path, fields] of [
      ['/login', ['username', 'password', 'next']],
      ['/recovery/email', ['email', 'username', 'code', 'altcha']],
      ['/register/email', ['username', 'email', 'email_confirmation', 'password']],
    ] as const) {
      for (const [, text] of bodies(SHORT + 1)) {
        const browser = visitor(t)
        await browser.open(path)
        seen = { length: 0, pattern: '' }
        const reply = await browser.submit(Object.fromEntries(fields.map((name) => [name, text])))
        expect([path, reply.status]).toEqual([path, 422])
        expect([path, seen.length <= SHORT ? '' : `${seen.pattern} on ${seen.length}`]).toEqual([path, ''])
      }
    }
  })

  test('and a user name that is too long is not held against the names that cannot be taken', async () => {
    const username = `${'a'.repeat(60_000)}!`
    const reply = await t.post('/api/accounts/with-account-creation-token', {
      body: { username, password: 'correct-horse', algorithm: 'SHA-256', account_creation_token: 'x'.repeat(13) },
    })
    expect([reply.status, reply.json.errors.username]).toEqual([
      422,
      ['The username must not be longer than 64 characters.'],
    ])
  })
})

/** What may be longer than other members. */
const LONG_TEXTS = new Set([
  'vcard',
  'description',
  'custom_provisioning_entries',
  'copyright_text',
  'intro_registration_text',
])
