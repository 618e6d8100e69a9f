import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type FakeGateway, fakeGateway } from '../sms/fakes.ts'
import { placeWithSpace, sipkeeper } from './command.ts'

let gateway: FakeGateway
beforeEach(() => {
  gateway = fakeGateway()
})
afterEach(() => {
  gateway.stop()
})

test('sms:test says what is wrong with an exit code of its own', async () => {
  await using here = await placeWithSpace({ SMS_PROVIDER: 'http', SMS_HTTP_URL: gateway.url })
  const ask = async (args: string[], env: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await sipkeeper(['sms:test', ...args], here, { env })
    expect(stdout).toBe('')
    return [code, stderr.trim().split('\n').at(-1)]
  }
  expect(await ask(['0612345678'])).toEqual([2, 'The number is not one that can exist.'])
  expect(await ask(['+33612345678', '--space', 'sip.other.org'])).toEqual([3, 'There is no Space sip.other.org.'])
  expect(await ask(['+33612345678'], { SMS_PROVIDER: 'none' })).toEqual([
    78,
    'SMS_PROVIDER names nobody who sends SMS.',
  ])
  expect(gateway.requests).toEqual([])
  gateway.behaviour = () => new Response('', { status: 400 })
  expect(await ask(['+33612345678'])).toEqual([4, 'Not sent: http: HTTP 400.'])
  gateway.behaviour = () => new Response('', { status: 503 })
  expect(await ask(['+33612345678'])).toEqual([69, 'Not sent: http: HTTP 503.'])
})

test('sms:test sends what a person would get, and doctor looks at the provider', async () => {
  await using here = await placeWithSpace({ SMS_PROVIDER: 'http', SMS_HTTP_URL: gateway.url })
  const plain = await sipkeeper(['sms:test', '+33 6 12 34 56 78'], here)
  expect([plain.code, plain.stdout]).toEqual([0, 'accepted by http for +3361****78, 1 SMS (gsm7)\n'])
  const text = 'Your sipkeeper validation code is 1234. The code is available for 10 minutes'
  expect(JSON.parse(gateway.last.body)).toEqual({ to: '+33612345678', text })

  const { stdout } = await sipkeeper(['sms:test', '+33612345678', '--space', 'sip.example.org', '--json'], here)
  expect(JSON.parse(stdout)).toEqual({ to: '+3361****78', provider: 'http', alphabet: 'gsm7', segments: 1 })
  expect(JSON.parse(gateway.last.body).text).toStartWith('Your Example validation code is 1234.')

  const doctor = await sipkeeper(['doctor'], here)
  expect(doctor.stdout).toContain(`ok      sms http: POST ${gateway.url}`)
})
