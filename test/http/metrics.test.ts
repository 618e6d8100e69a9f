import { afterEach, beforeEach, expect, test } from 'bun:test'
import { metrics } from '../../src/http/metrics.ts'
import { add, mailTo } from '../outbox/recording.ts'
import { type TestApp, testApp } from '../support/app.ts'

let t: TestApp
beforeEach(async () => {
  t = await testApp()
})
afterEach(() => t.close())

const measured = () => metrics(t.db, { outbox: t.parts.outbox.depth, jobs: t.parts.jobs.known, now: t.world.now })
const linesOf = (text: string, name: string) => text.split('\n').filter((line) => line.startsWith(`${name}{`))

test('nothing waits at first, and no job has run', async () => {
  const text = await measured().text()
  expect(linesOf(text, 'sipkeeper_outbox_waiting')).toEqual([
    'sipkeeper_outbox_waiting{channel="mail"} 0',
    'sipkeeper_outbox_waiting{channel="sms"} 0',
    'sipkeeper_outbox_waiting{channel="recovery"} 0',
    'sipkeeper_outbox_waiting{channel="bridge"} 0',
    'sipkeeper_outbox_waiting{channel="hook"} 0',
    'sipkeeper_outbox_waiting{channel="statistics"} 0',
    'sipkeeper_outbox_waiting{channel="proxy"} 0',
    'sipkeeper_outbox_waiting{channel="webhook"} 0',
  ])
  expect(linesOf(text, 'sipkeeper_outbox_oldest_seconds')).toEqual([
    'sipkeeper_outbox_oldest_seconds{channel="mail"} 0',
    'sipkeeper_outbox_oldest_seconds{channel="sms"} 0',
    'sipkeeper_outbox_oldest_seconds{channel="recovery"} 0',
    'sipkeeper_outbox_oldest_seconds{channel="bridge"} 0',
    'sipkeeper_outbox_oldest_seconds{channel="hook"} 0',
    'sipkeeper_outbox_oldest_seconds{channel="statistics"} 0',
    'sipkeeper_outbox_oldest_seconds{channel="proxy"} 0',
    'sipkeeper_outbox_oldest_seconds{channel="webhook"} 0',
  ])
  expect(text).toContain('sipkeeper_job_last_success_timestamp_seconds{job="outbox"} 0')
})

test('what waits is counted, with its age; jobs tell when they last ended well', async () => {
  await add(t, mailTo(t, 'a@example.org'))
  await t.parts.jobs.runDue()
  const ran = t.clock.now.getTime() / 1000
  t.later(90_000)
  await add(t, mailTo(t, 'b@example.org'))
  const text = await measured().text()
  expect(text).toContain('sipkeeper_outbox_waiting{channel="mail"} 2')
  expect(text).toContain('sipkeeper_outbox_oldest_seconds{channel="mail"} 90')
  expect(text).toContain('sipkeeper_outbox_oldest_seconds{channel="sms"} 0')
  expect(text).toContain(`sipkeeper_job_last_success_timestamp_seconds{job="outbox"} ${ran}`)
  expect(text).toContain('sipkeeper_job_failed{job="outbox"} 0')
})

test('while the database is away everything else is still told', async () => {
  const away = async () => {
    throw new Error('away')
  }
  const text = await metrics(t.db, { outbox: away, jobs: away, now: t.world.now }).text()
  expect(text).toContain('sipkeeper_resident_memory_bytes')
  expect(linesOf(text, 'sipkeeper_outbox_waiting')).toEqual([])
})
