import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// Which countries' numbers are accepted (behaviour/telephony.md §6).

let t: TestApp
let admin: TestAccount
beforeAll(async () => {
  t = await testApp()
  admin = await t.account({ username: 'admin', admin: true })
})
afterAll(() => t.close())

interface Country {
  readonly code: string
  readonly country_code: string
  readonly activated: boolean
}
const list = async (): Promise<Country[]> => (await t.get('/api/phone_countries')).json
const open = async () => (await list()).filter(({ activated }) => activated).map(({ code }) => code)
const turn = (code: string, way: 'activate' | 'deactivate') =>
  t.post(`/api/phone_countries/${code}/${way}`, { as: admin })

let made = 0
const createWith = (phone: string) => {
  made += 1
  const body = { username: `caller.${made}`, password: 'correct-horse', algorithm: 'MD5', phone }
  return t.post('/api/accounts', { as: admin, body })
}

describe('phone countries', () => {
  test('are switched by nobody but super administrators', async () => {
    const plain = await t.account({ space: t.other, admin: true })
    const before = await t.snapshot()
    for (const way of ['activate', 'deactivate']) {
      const path = `/api/phone_countries/FR/${way}`
      expect((await t.post(path)).status).toBe(401)
      expect((await t.post(path, { as: await t.account({}) })).status).toBe(403)
      expect((await t.post(path, { as: plain, host: 'other.localhost' })).status).toBe(403)
      expect((await t.get(path, { as: admin })).status).toBe(405)
    }
    expect((await list()).every(({ activated }) => !activated)).toBe(true)
    expect(before).not.toBe('')
  })

  test('that do not exist are unknown', async () => {
    for (const code of ['ZZ', 'AQ', 'F', 'FRA', '33', '%20', 'ß', "FR'--"]) {
      expect([code, (await turn(encodeURIComponent(decodeURIComponent(code)), 'activate')).status]).toEqual([code, 404])
    }
  })

  test('are listed for everybody by their code, and start closed', async () => {
    const countries = await list()
    const codes = countries.map(({ code }) => code)
    expect(countries.length).toBe(245)
    expect(codes).toEqual([...codes].sort())
    expect(Object.keys(countries[0] ?? {}).sort()).toEqual(['activated', 'code', 'country_code'])
    expect(countries.find(({ code }) => code === 'FR')).toEqual({ code: 'FR', country_code: '33', activated: false })
    expect(await open()).toEqual([])
    expect((await createWith('+33612345678')).json.errors).toEqual({
      phone: ['Phone numbers of this country are not accepted here.'],
    })
  })

  test('open and close with all regions of their calling code', async () => {
    expect((await turn('us', 'activate')).text).toBe('25')
    expect((await turn('US', 'activate')).text).toBe('25')
    expect(await open()).toHaveLength(25)
    expect((await createWith('+1 202 555 0123')).json.phone).toBe('+12025550123')
    expect((await createWith('+1 416 555 0123')).status).toBe(200)
    expect((await createWith('+31612345678')).status).toBe(422)
    expect((await turn('CA', 'deactivate')).text).toBe('25')
    expect(await open()).toEqual([])
    expect((await createWith('+12025550124')).status).toBe(422)
  })

  test('that close leave stored numbers valid, however they are written', async () => {
    await turn('FR', 'activate')
    const { id, username } = (await createWith('+33612345678')).json
    await turn('FR', 'deactivate')
    const change = (phone: string) =>
      t.put(`/api/accounts/${id}`, { as: admin, body: { username, algorithm: 'MD5', phone } })
    expect((await change('+33612345678')).json.phone).toBe('+33612345678')
    expect((await change('+33 6 12 34 56 78')).json.phone).toBe('+33612345678')
    expect((await change('+33612345679')).status).toBe(422)
  })

  test('are refreshed without opening or closing any', async () => {
    await turn('DE', 'activate')
    expect(await t.parts.phoneCountries.refresh()).toBe(0)
    expect(await open()).toEqual(['DE'])
  })
})
