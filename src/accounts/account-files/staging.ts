import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import { turn } from '../../db/turn.ts'
import { invalid } from '../../errors.ts'
import type { Caller } from '../../nouns/caller.ts'
import { hasUniqueEmails, realmOf } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { foldedEmail } from '../../protocols/email-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { PhoneCountries } from '../phone-countries/phone-countries.ts'
import type { Lines, Lists } from './beside.ts'
import { type CheckedLine, type LineChecker, lineChecker } from './checking.ts'
import { fileReader, type Line, refusedFile } from './reading.ts'
import type { importStore } from './store.ts'

/** Accounts of one file. */
export const MOST_ROWS = 200_000
export const MOST_BYTES = 128 * 1024 * 1024

const NAME_LENGTH = 22
const LONGEST_FILE_NAME = 100
const MOST_UNKNOWN = 20
const LONGEST_UNKNOWN = 1000
/** Lines that one transaction stores. */
const STORED_AT_ONCE = 500
/** Lines that one transaction removes. */
const REMOVED_AT_ONCE = 500

/** What a form says before its file. */
type Fields = ReadonlyMap<string, string>

/**
 * Hands over a file while it arrives, after its name and what stands before it; resolves to whether there was one, once
 * all of it has come.
 */
export type Receive = (
  begin: (name: string, fields: Fields) => (piece: Uint8Array) => Promise<void>,
) => Promise<boolean>

/** Without the folders that a client names. */
const bareName = (named: string): string =>
  named
    .slice(Math.max(named.lastIndexOf('/'), named.lastIndexOf('\\')) + 1)
    .replaceAll(/\p{Cc}/gu, '')
    .toWellFormed()
    .slice(0, LONGEST_FILE_NAME)

/** A file of accounts, read and checked while it arrives; nothing of it is an account yet. */
export const staging = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  phoneCountries: PhoneCountries
  passwords: Pick<Passwords, 'random'>
  lines: Lines
  lists: Lists
  store: ReturnType<typeof importStore>
  now: () => Date
}) => {
  const { config, db, secrets, phoneCountries, passwords, lines, lists, store, now } = deps

  const checkerFor = async ({ space }: Visit): Promise<LineChecker> => {
    const open = await phoneCountries.openCallingCodes()
    return lineChecker({
      config,
      space,
      realm: space.digest === null ? null : realmOf(space),
      accepts: ({ callingCode }) => open.has(callingCode),
      lists: await lists.titles(db.read, space),
      readLine: lines.read,
      randomPassword: passwords.random,
    })
  }

  const check = async ({ space }: Visit, checker: LineChecker, batch: readonly Line[]) => {
    const alone = batch.map(checker.alone)
    const accounts = alone.flatMap(({ account }) => account ?? [])
    const wanted = {
      names: accounts.map(({ username }) => username),
      emails: hasUniqueEmails(config, space)
        ? accounts.flatMap(({ email }) => (email === null ? [] : foldedEmail(email)))
        : [],
      phones: accounts.flatMap(({ phone }) => phone ?? []),
    }
    const taken = await store.taken(db.read, { space }, wanted)
    const external = accounts.flatMap(({ external }) => external ?? [])
    return checker.together(alone, { ...taken, lines: await lines.taken(db.read, external) })
  }

  const remove = async (id: number): Promise<void> => {
    while ((await db.transaction((tx) => store.removeRows(tx, id, REMOVED_AT_ONCE))) > 0);
    await db.transaction((tx) => store.remove(tx, id))
  }

  /** Takes the lines of one file. */
  const opened = async (visit: Visit, caller: Caller | null, named: string) => {
    const { space } = visit
    const checker = await checkerFor(visit)
    const counts = { accounts: 0, administrators: 0, faulty: 0 }
    const unknown = new Set<string>()
    const row = {
      name: secrets.token(NAME_LENGTH),
      spaceId: space.id,
      accountId: caller?.id ?? null,
      file: bareName(named),
      realm: space.digest === null ? null : realmOf(space),
    }
    const id = await db.transaction((tx) => store.add(tx, row, now()))

    let unstored: CheckedLine[] = []
    const storeLines = async (): Promise<void> => {
      const lines = unstored
      unstored = []
      await db.transaction((tx) => store.addRows(tx, id, lines))
    }
    const take = async (batch: readonly Line[]): Promise<void> => {
      for (const head of batch.flatMap((line) => line.unknown)) if (unknown.size < MOST_UNKNOWN) unknown.add(head)
      if (counts.accounts + counts.faulty + batch.length > MOST_ROWS) {
        throw refusedFile('import.many', { max: MOST_ROWS })
      }
      for (const line of await check(visit, checker, batch)) {
        const { account } = line
        if (account === null) counts.faulty += 1
        else counts.accounts += 1
        if (account?.admin === true) counts.administrators += 1
        unstored.push(line)
      }
      if (unstored.length >= STORED_AT_ONCE) await storeLines()
      await turn()
    }
    const reader = fileReader(take)
    return {
      id,
      push: reader.push,
      end: async (): Promise<string> => {
        await reader.end()
        await storeLines()
        if (counts.accounts + counts.faulty === 0) throw refusedFile('import.empty')
        const unknownColumns = unknown.size === 0 ? null : [...unknown].join(', ').slice(0, LONGEST_UNKNOWN)
        const change = { ...counts, unknownColumns, complete: true, updatedAt: now() }
        await db.transaction((tx) => store.change(tx, id, change))
        return row.name
      },
    }
  }

  /**
   * Resolves to the name by which the administrator goes on. `to`: the visit in the Space that the accounts are for, as
   * soon as the fields before the file are there; `caller` null: the command line. Refuses, at `file`, what is no file of accounts.
   */
  const stage = async (
    to: (fields: Fields) => Promise<Visit>,
    caller: Caller | null,
    receive: Receive,
  ): Promise<string> => {
    let file: Awaited<ReturnType<typeof opened>> | null = null
    const begin = (named: string, fields: Fields) => async (piece: Uint8Array) => {
      file ??= await opened(await to(fields), caller, named)
      await file.push(piece)
    }
    try {
      if (!(await receive(begin))) throw invalid('file', 'v.required')
      if (file === null) throw refusedFile('import.empty')
      return await (file as Awaited<ReturnType<typeof opened>>).end()
    } catch (error) {
      const begun = file as Awaited<ReturnType<typeof opened>> | null
      if (begun !== null) await remove(begun.id)
      throw error
    }
  }

  return { stage, remove }
}
