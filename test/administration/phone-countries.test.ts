import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// Whose phone numbers are accepted, by super administrators (behaviour/panel.md §7.20).

let t: TestApp
let root: ReturnType<typeof visitor>

const PATH = '/admin/phone_countries'

beforeEach(async () => {
  t = await testApp()
  const { username, password } = await t.account({ username: 'root', admin: true })
  root = visitor(t)
  await root.open('/login')
  await root.submit({ username, password })
})
afterEach(() => t.close())

const open = async () => [...(await t.parts.phoneCountries.openCallingCodes())]

test('countries are found by name in the language of the page, and by calling code, with those that share it', async () => {
  expect(words(await root.open(`${PATH}?search=norw`))).toContain('Norway, Svalbard')
  expect(words(await root.open(`${PATH}?search=%2B33`))).toContain('France')
  expect(words(await root.open(`${PATH}?search=atlantis`))).toContain('No country is called so')
  const french = await root.open(`${PATH}?search=norvege`, { headers: { 'accept-language': 'fr' } })
  expect(words(french)).toContain('Norvège')
})

test('a country is opened with all that share its calling code, and closed again', async () => {
  await t.parts.phoneCountries.switchAll(
    null,
    (await t.parts.phoneCountries.list()).map(({ code }) => code),
    false,
  )
  expect(words(await root.open(PATH))).toContain('No country is open')
  await root.open(`${PATH}?search=canada`)
  // The form is that of the first of them by name: American Samoa.
  const reply = await root.submit({}, { form: `${PATH}/AS/activate` })
  expect([reply.status, reply.headers.get('location')]).toEqual([302, `${PATH}?search=canada`])
  expect(await open()).toEqual(['1'])
  await root.open(`${PATH}?state=open&sort=-code`)
  const closed = await root.submit({}, { form: `${PATH}/AS/deactivate` })
  expect([closed.status, closed.headers.get('location')]).toEqual([302, `${PATH}?state=open&sort=-code`])
  expect(await open()).toEqual([])
})

test('the page of the list that one was on is the one that one comes back to', async () => {
  const second = `${PATH}?sort=code&page=2`
  const page = await root.open(second)
  const [, action = ''] = /action="([^"]*\/(?:de)?activate)"/.exec(page.text) ?? []
  expect((await root.submit({}, { form: action })).headers.get('location')).toBe(second)
})

test('all are opened, and closed, at once', async () => {
  await root.open(PATH)
  await root.submit({}, { form: `${PATH}/activate_all`, stay: true })
  expect((await open()).length).toBeGreaterThan(200)
  await root.submit({}, { form: `${PATH}/deactivate_all` })
  expect(await open()).toEqual([])
})
