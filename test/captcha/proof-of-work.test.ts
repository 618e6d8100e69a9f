import { afterEach, beforeEach, expect, test } from 'bun:test'
import { captcha } from '../../src/captcha/captcha.ts'
import type { Captcha } from '../../src/captcha/kind.ts'
import { type TestApp, testApp } from '../support/app.ts'

let t: TestApp
beforeEach(async () => {
  t = await testApp({ env: { CAPTCHA_PROVIDER: 'pow' } })
})
afterEach(() => t.close())

/** What a browser sends that has worked for it. */
const answerFor = async (subject: string): Promise<Record<string, unknown>> => {
  const widget = await t.parts.captcha.widget(subject)
  const props: Readonly<Record<string, unknown>> = { ...widget?.props }
  const challenge = JSON.parse(String(props['data-challenge']))
  let number = 0
  while (Bun.SHA256.hash(challenge.salt + number, 'hex') !== challenge.challenge) number += 1
  return { ...challenge, number }
}
const sent = (answer: Record<string, unknown>) => ({ altcha: btoa(JSON.stringify(answer)) })
const accepts = (answer: Record<string, unknown>, subject = 'form', by: Captcha = t.parts.captcha) =>
  by.verify(sent(answer), subject, '192.0.2.7')

test('a wrong answer is refused and uses nothing up', async () => {
  const answer = await answerFor('form')
  expect(await accepts(answer, 'another form')).toBe(false)
  expect(await accepts({ ...answer, number: Number(answer.number) + 1 })).toBe(false)
  for (const algorithm of ['SHA-1', 'none', 5]) expect(await accepts({ ...answer, algorithm })).toBe(false)
  for (const salt of [null, 5, {}]) expect(await accepts({ ...answer, salt })).toBe(false)
  for (const altcha of ['', 'garbage', btoa('null'), btoa('[]'), btoa('"text"'), 5]) {
    expect(await t.parts.captcha.verify({ altcha }, 'form', '192.0.2.7')).toBe(false)
  }
  expect(await accepts(answer)).toBe(true)
})

test('a right answer is taken once, however it is written', async () => {
  const answer = await answerFor('form')
  expect(await accepts(answer)).toBe(true)
  expect(await accepts(answer)).toBe(false)
  expect(await accepts({ more: 1, ...answer })).toBe(false)
  // Its parameters moved to the end of the salt, behind which the number stands.
  const [salt, rest] = String(answer.salt).split('?')
  expect(await accepts({ ...answer, salt, number: `?${rest}${answer.number}` })).toBe(false)
  expect(await accepts(await answerFor('form'))).toBe(true)
})

test('a right answer that arrives ten times at once is taken once', async () => {
  const answer = await answerFor('form')
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => accepts(answer)))
  expect(outcomes.filter(Boolean)).toHaveLength(1)
})

test('a right answer that one process took is worth nothing to another', async () => {
  const db = t.database.reopen()
  const other = captcha({ config: t.config, db, secrets: t.parts.secrets, log: t.parts.log, now: () => t.clock.now })
  const answer = await answerFor('form')
  expect([await accepts(answer), await accepts(answer, 'form', other)]).toEqual([true, false])
  await db.close()
})

test('a right answer that comes after twenty minutes is refused', async () => {
  const answer = await answerFor('form')
  t.later(20 * 60_000 + 1)
  expect(await accepts(answer)).toBe(false)
})
