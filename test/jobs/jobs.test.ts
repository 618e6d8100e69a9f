import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Job, Occasion } from '../../src/jobs/jobs.ts'
import { type Lease, type Leases, leases } from '../../src/jobs/leases.ts'
import { jobRunner } from '../../src/jobs/runner.ts'
import { scheduler } from '../../src/jobs/scheduler.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'

const SECOND_MS = 1000
const HOUR_MS = 3_600_000

let t: TestApp
beforeEach(async () => {
  t = await testApp()
})
afterEach(async () => {
  // Processes that died in a test hold theirs.
  for (const lease of held.splice(0)) await lease.release()
  await t.close()
})

const held: Lease[] = []

interface Counting extends Job {
  readonly occasions: Occasion[]
}

/** A job at seven in the morning that remembers when it ran. */
const counting = (name: string, work: (occasion: Occasion) => Promise<number> = async () => 1): Counting => {
  const occasions: Occasion[] = []
  return {
    name,
    commands: [],
    schedule: '0 7 * * *',
    occasions,
    run: (occasion) => {
      occasions.push(occasion)
      return work(occasion)
    },
  }
}

/** A process of its own: its runner, its leases, its scheduler. */
const processOf = (...jobs: Job[]) => {
  const { log, now } = t.world
  const { take } = leases({ db: t.db, secrets: t.parts.secrets, now })
  const own: Leases = {
    take: async (...args) => {
      const lease = await take(...args)
      if (lease !== null) held.push(lease)
      return lease
    },
  }
  const runner = jobRunner({ db: t.db, jobs, leases: own, audit: t.parts.audit, log, now })
  const scheduled = scheduler({ runner, leases: own, log })
  return {
    runner,
    leases: own,
    scheduled,
    /** One look, and the end of everything that it started. */
    look: async () => (await scheduled.look()).ended,
  }
}

const outcomes = async () => (await t.db.read.select().from(t.db.tables.jobRuns)).map(({ outcome }) => outcome)
const events = (event: string) => t.logged(`event=${event} `)

describe('a job', () => {
  test('that fails is logged as failed, keeps no other from running, and waits for its next time', async () => {
    const broken = counting('broken', async () => {
      throw new Error('no such thing')
    })
    const good = counting('good')
    const one = processOf(broken, good)
    await one.look()
    await one.look()
    expect([broken.occasions.length, good.occasions.length]).toEqual([1, 1])
    expect((await outcomes()).sort()).toEqual(['done', 'failed'])
    expect(events('job.fail').join()).toContain('job=broken')
    expect(events('job.fail').join()).toContain('reason=error')
    t.later(24 * HOUR_MS)
    await one.look()
    expect([broken.occasions.length, good.occasions.length]).toEqual([2, 2])
    await one.scheduled.stop()
  })

  test('runs at its time in UTC, once', async () => {
    // It is noon.
    const job = counting('daily')
    const one = processOf(job)
    await one.look()
    for (let hour = 0; hour < 18; hour++) {
      t.later(HOUR_MS)
      await one.look()
    }
    expect(t.clock.now.toISOString()).toBe('2026-06-02T06:00:00.000Z')
    expect(job.occasions).toHaveLength(1)
    t.later(HOUR_MS)
    await one.look()
    await one.look()
    expect(job.occasions).toHaveLength(2)
    expect(job.occasions[1]?.previous).toEqual(new Date('2026-06-01T12:00:00.000Z'))
    await one.scheduled.stop()
  })

  test('whose time passed while nobody was up is made up for, once', async () => {
    const job = counting('daily')
    await processOf(job).runner.run(job)
    t.later(5 * 24 * HOUR_MS)
    const restarted = processOf(job)
    await restarted.look()
    await restarted.look()
    expect(job.occasions).toHaveLength(2)
    await restarted.scheduled.stop()
  })

  test('says what it did: its name, how much, how long', async () => {
    const job = counting('daily', async () => 42)
    await processOf(job).runner.run(job)
    expect(events('job.done')).toHaveLength(1)
    expect(events('job.done')[0]).toMatch(/result=ok .*count=42 .*ms=\d+ .*job=daily/)
  })

  test('never overlaps itself, neither here nor in another process, by hand or by the clock', async () => {
    const gate = Promise.withResolvers<number>()
    const job = counting('slow', () => gate.promise)
    const [one, two] = [processOf(job), processOf(job)]
    const running = one.runner.run(job)
    await eventually(() => job.occasions.length > 0)
    expect(await one.runner.run(job)).toBeNull()
    expect(await two.runner.run(job)).toBeNull()
    t.later(24 * HOUR_MS - 1)
    await t.db.transaction((tx) =>
      tx.update(t.db.tables.leases).set({ until: new Date(t.clock.now.getTime() + SECOND_MS) }),
    )
    await two.look()
    expect(job.occasions).toHaveLength(1)
    gate.resolve(3)
    expect((await running)?.count).toBe(3)
    expect((await two.runner.run(job))?.count).toBe(3)
    await two.scheduled.stop()
  })

  test('of two that start it at the same moment, one runs it', async () => {
    const gate = Promise.withResolvers<number>()
    const job = counting('daily', () => gate.promise)
    let refused = 0
    // Whoever got it goes on until the others have come away empty-handed.
    const start = async () => {
      const ended = await processOf(job).runner.run(job)
      if (ended === null) refused += 1
      if (refused === 9) gate.resolve(1)
      return ended
    }
    const ended = await Promise.all(Array.from({ length: 10 }, start))
    expect(ended.filter((one) => one !== null)).toHaveLength(1)
    expect(job.occasions).toHaveLength(1)
  })

  test('that was broken off is done again by the next process, but not twice in a row', async () => {
    const job = counting('poison', () => new Promise<number>(() => {}))
    /** A process that dies of it. */
    const die = async (times: number) => {
      void processOf(job).runner.runDue()
      await eventually(() => job.occasions.length === times)
      t.later(60 * SECOND_MS)
    }
    await die(1)
    await die(2)
    // The third looks, finds nothing to do, and lives.
    await processOf(job).runner.runDue()
    expect(job.occasions).toHaveLength(2)
    t.later(24 * HOUR_MS)
    await die(3)
  })

  test('ends after its transaction when the process stops, and the next process does it again', async () => {
    const job = counting('long', async ({ signal }) => {
      for (;;) {
        signal.throwIfAborted()
        await Bun.sleep(1)
      }
    })
    const one = processOf(job)
    const { ended } = await one.scheduled.look()
    await eventually(() => job.occasions.length > 0)
    await one.scheduled.stop()
    await ended
    expect(await outcomes()).toEqual(['running'])
    expect(events('job.fail').join()).toContain('reason=interrupted')
    const two = processOf(counting('long'))
    await two.look()
    expect(await outcomes()).toEqual(['done'])
    await two.scheduled.stop()
  })
})

describe('the lead', () => {
  test('is one process’s: another looks and does nothing', async () => {
    const [here, there] = [counting('daily'), counting('daily')]
    const [one, two] = [processOf(here), processOf(there)]
    await one.look()
    t.later(24 * HOUR_MS)
    await t.db.transaction((tx) =>
      tx.update(t.db.tables.leases).set({ until: new Date(t.clock.now.getTime() + SECOND_MS) }),
    )
    await two.look()
    expect(there.occasions).toHaveLength(0)
    await one.look()
    expect(here.occasions).toHaveLength(2)
    await one.scheduled.stop()
    await two.scheduled.stop()
  })

  test('passes on within a minute when its process dies, and at once when it stops', async () => {
    const [dead, next, last] = [processOf(), processOf(counting('daily')), processOf(counting('daily'))]
    await dead.look()
    t.later(39 * SECOND_MS)
    await next.look()
    expect(await outcomes()).toEqual([])
    t.later(10 * SECOND_MS)
    await next.look()
    expect(await outcomes()).toEqual(['done'])
    await next.scheduled.stop()
    t.later(24 * HOUR_MS)
    await last.look()
    expect(events('job.done')).toHaveLength(2)
    await last.scheduled.stop()
  })

  test('of a process that slept too long is lost, and it learns of it', async () => {
    const [sleepy, awake] = [processOf().leases, processOf().leases]
    const first = await sleepy.take('jobs')
    t.later(60 * SECOND_MS)
    const second = await awake.take('jobs')
    await first?.renew()
    expect(first?.lost.aborted).toBe(true)
    await first?.release()
    expect(await sleepy.take('jobs')).toBeNull()
    await second?.release()
  })
})

describe('the list', () => {
  test('has every job once, each with a time and with the names of the reference', async () => {
    const known = await t.parts.jobs.known()
    expect(known.map(({ job }) => `${job.schedule} ${job.name}`)).toEqual([
      '10 0 * * * tombstones',
      '20 0 * * * unconfirmed-accounts',
      '*/5 * * * * api-keys',
      '15 * * * * tokens',
      '30 0 * * * statistics',
      '*/10 * * * * nonces',
      '*/10 * * * * captcha-answers',
      '*/10 * * * * rate-limits',
      '*/5 * * * * account-words',
      '25 * * * * sessions',
      '*/10 * * * * account-imports',
      '50 * * * * tasks',
      '50 0 * * * audit-retention',
      '*/5 * * * * audit-erasure',
      '35 * * * * outbox',
      '40 * * * * webhook-deliveries',
      '45 * * * * voicemails',
      '* * * * * deleted-voicemails',
      '30 3 * * * orphaned-files',
      '0 7 * * * space-expiry',
      '* * * * * space-deletion',
    ])
    expect(t.parts.jobs.named('accounts:clear-unconfirmed')?.name).toBe('unconfirmed-accounts')
    expect(t.parts.jobs.named('app:clear-statistics')?.name).toBe('statistics')
    expect(t.parts.jobs.named('digest:clear-nonces')?.name).toBe('nonces')
    expect(t.parts.jobs.named('no-such-job')).toBeNull()
  })

  test('runs to its end with nothing to do, and changes nothing but its own record', async () => {
    await t.account()
    await t.db.indexWords(1000)
    const before = await t.snapshot()
    await t.parts.jobs.runDue()
    const withoutRuns = (snapshot: string) => snapshot.replace(/jobRuns[\s\S]*$/, '')
    expect(withoutRuns(await t.snapshot())).toBe(withoutRuns(before))
    expect((await outcomes()).filter((outcome) => outcome !== 'done')).toEqual([])
    // Every few minutes, for ever: nobody reads such lines.
    expect(events('job.done')).toEqual([])
  })
})
