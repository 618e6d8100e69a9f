import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { randomUUID } from 'node:crypto'
import { copyFileSync, fdatasyncSync, mkdtempSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { Db } from '../../src/db/db.ts'
import type { Flush } from '../../src/db/disk.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
import { postgresUrl } from '../support/database.ts'
import { insertAccounts, insertSpace } from './rows.ts'

const DOMAIN = 'sip.example.org'

const onSqlite = () => {
  let folder: string
  let file: string
  let db: Db
  let flush: Flush
  let lost: unknown[]

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sipkeeper-power-'))
    file = join(folder, 'sipkeeper.sqlite')
    lost = []
    flush = async (descriptor) => fdatasyncSync(descriptor)
    db = openSqlite(file, { flush: (descriptor) => flush(descriptor), lost: (error) => lost.push(error) })
    await db.migrate()
    await db.transaction((tx) => insertSpace(tx, db, DOMAIN))
  })
  afterEach(async () => {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const insert = (...usernames: string[]) =>
    db.transaction((tx) =>
      insertAccounts(
        tx,
        db,
        usernames.map((username) => ({ username, domain: DOMAIN })),
      ),
    )
  const namesIn = async (on: Db) => {
    const rows = await on.read.select({ username: on.tables.accounts.username }).from(on.tables.accounts)
    return new Set(rows.map(({ username }) => username))
  }

  test('nothing is acknowledged before the log is on the disk', async () => {
    const order: string[] = []
    const release = Promise.withResolvers<void>()
    flush = async () => {
      order.push('flush')
      await release.promise
      order.push('flushed')
    }
    const inserted = insert('alice').then(() => order.push('acknowledged'))
    while (order.length === 0) await Bun.sleep(1)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(order).toEqual(['flush'])
    release.resolve()
    await inserted
    expect(order).toEqual(['flush', 'flushed', 'acknowledged'])
  })

  test('what the disk did not take is refused, and the process is told to end', async () => {
    const refusal = new Error('EIO')
    flush = async () => {
      throw refusal
    }
    await expect(insert('alice')).rejects.toBe(refusal)
    expect(lost).toEqual([refusal])
    flush = async () => {}
  })

  test('whatever was acknowledged is on a disk that has only what was flushed to it', async () => {
    const kept = (end: string) => join(folder, `kept.sqlite${end}`)
    const keep = (end: string) => copyFileSync(file + end, kept(end))
    let copies = 0
    keep('')
    keep('-wal')
    flush = async (descriptor) => {
      const end = readlinkSync(`/proc/self/fd/${descriptor}`).endsWith('-wal') ? '-wal' : ''
      if (end === '') copies += 1
      keep(end)
    }
    /** As another start finds it after the power went. */
    const afterCut = async () => {
      // A name of its own: what SQLite remembers of a file of this process outlives the file.
      const found = join(folder, `${randomUUID()}.sqlite`)
      for (const end of ['', '-wal']) copyFileSync(kept(end), found + end)
      const survivor = openSqlite(found)
      const names = await namesIn(survivor)
      const [check] = await survivor.read.select({ value: sql`integrity_check` }).from(sql`pragma_integrity_check`)
      await survivor.close()
      return { names, check }
    }

    const acknowledged: string[] = []
    const writer = async (number: number) => {
      for (let i = 0; i < 60; i++) {
        const names = Array.from({ length: 70 }, (_, nth) => `w${number}-${i}-${nth}`)
        await insert(...names)
        acknowledged.push(...names)
      }
    }
    let writing = true
    const writers = Promise.all(Array.from({ length: 4 }, (_, number) => writer(number))).finally(() => {
      writing = false
    })
    let cuts = 0
    while (writing) {
      const before = [...acknowledged]
      const { names, check } = await afterCut()
      expect(check).toEqual({ value: 'ok' })
      expect(before.filter((name) => !names.has(name))).toEqual([])
      cuts += 1
      await Bun.sleep(50)
    }
    await writers
    expect((await afterCut()).names.size).toBe(4 * 60 * 70)
    expect(cuts).toBeGreaterThan(3)
    expect(copies).toBeGreaterThan(1)
    // The log begins anew once it was copied.
    expect(statSync(`${file}-wal`).size).toBeLessThan(12_000_000)
  })
}
describe.skipIf(postgresUrl !== null)('writes', onSqlite)
