import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type Answered, type Receiver, receiver, WITH_LOCAL_WEBHOOKS } from '../support/webhooks.ts'
import { placeWithSpace, sipkeeper } from './command.ts'

let there: Receiver
let answer: () => Answered
beforeEach(async () => {
  answer = () => ({})
  there = await receiver(() => answer())
})
afterEach(() => there.close())

const EVENTS = ['--events', 'account.created,call.ended']

test('webhooks:* say what is wrong with an exit code of its own, and change nothing', async () => {
  await using here = await placeWithSpace()
  const ask = async (...args: string[]) => {
    const { code, stdout, stderr } = await sipkeeper(args, here)
    expect(stdout).toBe('')
    return [code, stderr.trim().split('\n').at(-1)]
  }
  const url = 'https://ledger.example.com/'
  expect(await ask('webhooks:list', 'sip.nowhere.org')).toEqual([3, 'No such space.'])
  expect(await ask('webhooks:create', 'sip.nowhere.org', url, 'Ledger', ...EVENTS)).toEqual([3, 'No such space.'])
  const [code] = await ask('webhooks:create', 'sip.example.org', there.url, 'Ledger', ...EVENTS)
  expect(code).toBe(2)
  expect((await ask('webhooks:create', 'sip.example.org', url, 'Ledger', '--events', 'call'))[0]).toBe(2)
  for (const name of ['delete', 'rotate', 'test', 'deliveries', 'send-again']) {
    expect(await ask(`webhooks:${name}`, '7')).toEqual([3, 'No such webhook.'])
    expect(await ask(`webhooks:${name}`, 'x')).toEqual([2, 'An id is a number.'])
  }
  const { stdout } = await sipkeeper(['webhooks:list', 'sip.example.org', '--json'], here)
  expect(JSON.parse(stdout)).toEqual({ webhooks: [] })
})

test('a webhook is made, tried, given another secret and deleted on the command line', async () => {
  await using here = await placeWithSpace(WITH_LOCAL_WEBHOOKS)
  const ask = async (...args: string[]) => {
    const { code, stdout, stderr } = await sipkeeper(args, here)
    return { code, stdout: stdout.trim(), stderr, json: () => JSON.parse(stdout) }
  }
  const made = (await ask('webhooks:create', 'sip.example.org', there.url, 'Ledger', ...EVENTS, '--json')).json()
  expect(made).toMatchObject({ id: 1, name: 'Ledger', events: ['account.created', 'call.ended'], enabled: true })
  expect(made.secret).toStartWith('whsec_')
  expect((await ask('webhooks:list', 'sip.example.org')).stdout).toBe(
    `1 Ledger ${there.url} (account.created, call.ended)`,
  )
  const tried = await ask('webhooks:test', '1')
  expect([tried.code, tried.stdout]).toEqual([0, expect.stringMatching(/webhook\.test test, attempt 1, .*204 after/)])
  expect(there.received).toHaveLength(1)
  answer = () => ({ status: 500, body: 'broken' })
  const refused = await ask('webhooks:test', '1')
  expect([refused.code, refused.stdout, refused.stderr]).toEqual([1, '', expect.stringContaining(': broken')])
  const { data } = (await ask('webhooks:deliveries', '1', '--json')).json()
  expect(data.map(({ status }: { status: number }) => status)).toEqual([500, 204])
  expect((await ask('webhooks:send-again', '1')).stdout).toBe('0 to be sent again.')
  expect((await ask('webhooks:send-again', '1', String(data[0].id))).code).toBe(4)
  const rotated = await ask('webhooks:rotate', '1')
  expect([rotated.code, rotated.stdout === made.secret]).toEqual([0, false])
  expect((await ask('webhooks:delete', '1')).stdout).toBe('Webhook 1 deleted.')
  expect((await ask('webhooks:list', 'sip.example.org')).stdout).toBe('There is none.')
})
