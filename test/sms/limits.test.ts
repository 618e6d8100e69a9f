import { afterEach, describe, expect, setSystemTime, test } from 'bun:test'
import { SQL } from 'bun'
import { eq } from 'drizzle-orm'
import { openPostgres } from '../../src/db/postgres.ts'
import { AppError } from '../../src/errors.ts'
import { assemble } from '../../src/process.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { postgresUrl } from '../support/database.ts'

let t: TestApp
const start = async (env: Record<string, string>) => {
  t = await testApp({ env })
}
afterEach(async () => {
  setSystemTime()
  await t.close()
})

interface Asked {
  readonly phone?: string
  readonly address?: string
  readonly space?: { readonly id: number; readonly domain: string }
}

/** `admitted`, or after how many seconds to come again. */
const ask = async ({ phone = PHONE, address = '192.0.2.7', space = t.main }: Asked = {}, on = t.parts) =>
  on.smsLimits.admit({ phone, address, space }).then(
    () => 'admitted' as const,
    (error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'rate_limited') throw error
      expect(error.text.values?.seconds).toBe(error.retryAfterSeconds ?? 0)
      return error.retryAfterSeconds ?? 0
    },
  )

const PHONE = '+33612345678'
/** Others of the same country. */
const phone = (index: number) => `+336123450${String(index).padStart(2, '0')}`
const addressOf = (index: number) => `198.51.100.${index}`

const events = () => t.logged('event=sms.limited')

const after = (seconds: number) => setSystemTime(Date.now() + seconds * 1000)

const expectSeconds = (answer: unknown, most: number) => {
  expect(answer).toBeNumber()
  expect(answer).toBeGreaterThan(most - 30)
  expect(answer).toBeLessThanOrEqual(most)
}

/** Fifty codes for numbers of a calling code, so many of them confirmed. */
const codes = async (prefix: string, confirmed: number, age = 0) => {
  const { id } = await t.account()
  const at = (index: number) => new Date(t.clock.now.getTime() - age + index)
  const rows = Array.from({ length: 50 }, (_, index) => ({
    accountId: id,
    phone: `${prefix}6123450${index}`,
    code: null,
    confirmedAt: index < confirmed ? at(index) : null,
    createdAt: at(index),
    updatedAt: at(index),
  }))
  await t.db.transaction((tx) => tx.insert(t.db.tables.phoneChangeCodes).values(rows))
}

/** Fifty recoveries by phone that nobody finished. */
const recoveries = async (accountId: number | null) => {
  const rows = Array.from({ length: 50 }, () => ({
    spaceId: t.main.id,
    accountId,
    phone: PHONE,
    flow: crypto.randomUUID(),
    createdAt: t.clock.now,
    updatedAt: t.clock.now,
  }))
  await t.db.transaction((tx) => tx.insert(t.db.tables.recoveryCodes).values(rows))
}

describe('an SMS too many', () => {
  test('for a number in a minute is refused, until the minute is over', async () => {
    await start({ SMS_LIMIT_NUMBER_MINUTE: '1' })
    expect(await ask()).toBe('admitted')
    expectSeconds(await ask({ address: addressOf(1), space: t.other }), 60)
    expect(await ask({ phone: phone(1) })).toBe('admitted')
    after(61)
    expect(await ask()).toBe('admitted')
  })

  test('for a number in an hour, or a day, says how long that is', async () => {
    await start({ SMS_LIMIT_NUMBER_HOUR: '2', SMS_LIMIT_NUMBER_DAY: '3' })
    for (let i = 0; i < 2; i++) expect(await ask()).toBe('admitted')
    expectSeconds(await ask(), 3600)
    after(3601)
    expect(await ask()).toBe('admitted')
    expectSeconds(await ask(), 86_400 - 3601)
    after(86_400 - 3600)
    expect(await ask()).toBe('admitted')
  })

  test('from an address in an hour is refused whatever the number', async () => {
    await start({ SMS_LIMIT_IP_HOUR: '2' })
    for (let i = 0; i < 2; i++) expect(await ask({ phone: phone(i) })).toBe('admitted')
    expectSeconds(await ask(), 3600)
    expect(await ask({ address: addressOf(1) })).toBe('admitted')
    // All of a /64 is one address.
    for (let i = 0; i < 2; i++) expect(await ask({ phone: phone(i), address: `2001:db8::${i}` })).toBe('admitted')
    expectSeconds(await ask({ address: '2001:db8::ffff:1' }), 3600)
    expect(await ask({ address: '2001:db8:0:1::1' })).toBe('admitted')
  })

  test('from a proxy of this machine is no one address: everybody comes from there', async () => {
    await start({ SMS_LIMIT_IP_HOUR: '1' })
    for (const address of ['127.0.0.1', '::1']) {
      for (let i = 0; i < 3; i++) expect(await ask({ phone: phone(i), address })).toBe('admitted')
    }
  })

  test('of a Space in a day is refused, and other Spaces go on', async () => {
    await start({ SMS_LIMIT_SPACE_DAY: '1' })
    expect(await ask()).toBe('admitted')
    expectSeconds(await ask({ phone: phone(1) }), 86_400)
    expect(await ask({ space: t.other })).toBe('admitted')
  })

  test('to a calling code in an hour is refused, and other countries go on', async () => {
    await start({ SMS_LIMIT_PREFIX_HOUR: '1' })
    expect(await ask()).toBe('admitted')
    expectSeconds(await ask({ phone: phone(1) }), 3600)
    expect(await ask({ phone: '+4915123456789' })).toBe('admitted')
    // Canada and the United States are one.
    expect(await ask({ phone: '+12125550123' })).toBe('admitted')
    expectSeconds(await ask({ phone: '+14165550123' }), 3600)
  })

  test('is noticed with its limit, and the number is masked', async () => {
    await start({ SMS_LIMIT_IP_HOUR: '1' })
    await ask()
    expect(events()).toEqual([])
    await ask()
    expect(events()).toHaveLength(1)
    expect(events()[0]).toContain('result=fail ip=192.0.2.7 space=sip.example.org')
    expect(events()[0]).toContain('limit=sms-ip-hour')
    expect(events()[0]).toContain('+3361****78')
    expect(t.lines.join()).not.toContain(PHONE)
  })

  test('consumes nothing: who was refused for an address is free to come from another', async () => {
    await start({ SMS_LIMIT_NUMBER_MINUTE: '1', SMS_LIMIT_IP_HOUR: '1', SMS_LIMIT_SPACE_DAY: '2' })
    expect(await ask({ phone: phone(1) })).toBe('admitted')
    for (let i = 0; i < 5; i++) expectSeconds(await ask(), 3600)
    expect(await ask({ address: addressOf(1) })).toBe('admitted')
  })
})

test('the limits of an installation that sets none', async () => {
  const defaults = { SMS_LIMIT_NUMBER_MINUTE: '', SMS_LIMIT_NUMBER_HOUR: '', SMS_LIMIT_NUMBER_DAY: '' }
  await start({ ...defaults, SMS_LIMIT_IP_HOUR: '', SMS_LIMIT_SPACE_DAY: '', SMS_LIMIT_PREFIX_HOUR: '' })
  const { config } = t
  expect([config.SMS_LIMIT_NUMBER_MINUTE, config.SMS_LIMIT_NUMBER_HOUR, config.SMS_LIMIT_NUMBER_DAY]).toEqual([1, 3, 6])
  expect([config.SMS_LIMIT_IP_HOUR, config.SMS_LIMIT_SPACE_DAY, config.SMS_LIMIT_PREFIX_HOUR]).toEqual([5, 500, 100])
})

test('0 is no limit', async () => {
  await start({})
  for (let i = 0; i < 20; i++) expect(await ask()).toBe('admitted')
})

describe('fifty at once', () => {
  const count = (answers: readonly (number | 'admitted')[]) => answers.filter((answer) => answer === 'admitted').length

  test('for one number are one', async () => {
    await start({ SMS_LIMIT_NUMBER_MINUTE: '1', SMS_LIMIT_NUMBER_HOUR: '3', SMS_LIMIT_NUMBER_DAY: '6' })
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => ask({ address: addressOf(index) })))
    expect(count(answers)).toBe(1)
    expect(events()).toHaveLength(49)
    // Nobody else's hour was used up.
    for (let i = 0; i < 2; i++) {
      after(61)
      expect(await ask()).toBe('admitted')
    }
    after(61)
    expect(await ask()).toBeNumber()
  })

  test('from one address are five, and those that were refused have used up nothing', async () => {
    await start({ SMS_LIMIT_NUMBER_DAY: '1', SMS_LIMIT_SPACE_DAY: '50', SMS_LIMIT_IP_HOUR: '5' })
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => ask({ phone: phone(index) })))
    expect(count(answers)).toBe(5)
    const again = answers.flatMap((answer, index) => (answer === 'admitted' ? [] : [index]))
    for (const index of again) expect(await ask({ phone: phone(index), address: addressOf(index) })).toBe('admitted')
    expect(await ask({ phone: phone(50), address: addressOf(50) })).toBeNumber()
  })

  test(
    postgresUrl === null ? 'are counted anew by a process that starts' : 'are counted by all processes together',
    async () => {
      await start({ SMS_LIMIT_NUMBER_MINUTE: '1' })
      const db = t.database.reopen()
      const { parts } = assemble(t.world, db)
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => ask({}, i % 2 === 0 ? t.parts : parts)))
      expect(count(answers)).toBe(postgresUrl === null ? 2 : 1)
      await db.close()
    },
  )
})

describe('a calling code whose codes nobody confirms', () => {
  const on = { SMS_MIN_CONFIRM_RATIO: '0.1' }

  test('is stopped but for a trial every ten minutes; others go on', async () => {
    await start(on)
    await codes('+33', 4)
    await codes('+49', 5)
    expect(await ask()).toBe('admitted')
    expectSeconds(await ask({ phone: phone(1), address: addressOf(1) }), 600)
    expect(events()[0]).toContain('limit=sms-confirm-ratio')
    for (let i = 0; i < 5; i++) expect(await ask({ phone: '+4915123456789' })).toBe('admitted')
    after(601)
    const answers = await Promise.all([ask(), ask({ phone: phone(1) }), ask({ phone: phone(2) })])
    expect(answers.filter((answer) => answer === 'admitted')).toHaveLength(1)
  })

  test('is open again once enough of the last fifty are confirmed', async () => {
    await start(on)
    await codes('+33', 0, 60_000)
    await ask()
    expect(await ask()).toBeNumber()
    await codes('+33', 5)
    for (let i = 0; i < 5; i++) expect(await ask()).toBe('admitted')
  })

  test('is not judged by fewer than fifty', async () => {
    await start(on)
    await codes('+33', 0)
    const { phoneChangeCodes } = t.db.tables
    const [row] = await t.db.read.select().from(phoneChangeCodes)
    await t.db.transaction((tx) => tx.delete(phoneChangeCodes).where(eq(phoneChangeCodes.id, row?.id ?? 0)))
    for (let i = 0; i < 5; i++) expect(await ask()).toBe('admitted')
  })

  test('is not judged by recoveries of numbers that nobody has: a stranger could stop a country', async () => {
    await start(on)
    await recoveries(null)
    for (let i = 0; i < 5; i++) expect(await ask()).toBe('admitted')
    await recoveries((await t.account()).id)
    await ask()
    expect(await ask()).toBeNumber()
  })

  test('is left alone with a share of 0', async () => {
    await start({ SMS_MIN_CONFIRM_RATIO: '0' })
    await codes('+33', 0)
    for (let i = 0; i < 5; i++) expect(await ask()).toBe('admitted')
  })
})

if (postgresUrl !== null) {
  test('codes of a calling code are found whatever the collation of the database', async () => {
    await start({ SMS_MIN_CONFIRM_RATIO: '0.1' })
    const name = `icu_${crypto.randomUUID().replaceAll('-', '')}`
    const admin = new SQL(postgresUrl ?? '')
    await admin.unsafe(`CREATE DATABASE ${name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'`)
    const url = new URL(postgresUrl ?? '')
    url.pathname = name
    const db = openPostgres(url.href)
    await db.migrate()
    const { parts } = assemble(t.world, db)
    const { accounts, phoneChangeCodes, spaces } = db.tables
    const at = { createdAt: t.clock.now, updatedAt: t.clock.now }
    await db.transaction(async (tx) => {
      const domain = 'sip.example.org'
      await tx.insert(spaces).values({ name: 'A', domain, host: 'localhost', ...at })
      await tx
        .insert(accounts)
        .values({ id: 1, username: 'alice', domain, ipAddress: '192.0.2.1', userAgent: 'test', ...at })
      await tx.insert(phoneChangeCodes).values({ accountId: 1, phone: PHONE, ...at })
    })
    expect(await parts.codes.confirmedShare('+33', 50)).toEqual({ issued: 1, confirmed: 0 })
    expect(await parts.codes.confirmedShare('+3', 50)).toEqual({ issued: 1, confirmed: 0 })
    expect(await parts.codes.confirmedShare('+34', 50)).toEqual({ issued: 0, confirmed: 0 })
    await db.close()
    await admin.unsafe(`DROP DATABASE ${name} WITH (FORCE)`)
    await admin.close()
  })
}
