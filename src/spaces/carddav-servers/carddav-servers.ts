import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { clearable, flag, form, type Input, integer, optional, text } from '../../http/input.ts'
import { isoMoment } from '../../http/moment.ts'
import { boolean, described, moment, orNull, record } from '../../http/output.ts'
import type { Logging } from '../../logging/logging.ts'
import { actionRecords } from '../../nouns/security-record.ts'
import type { CarddavServer } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { NewsOfSpaces } from '../../webhooks/events.ts'
import type { SpaceDirectory } from '../spaces/directory.ts'
import { carddavServerStore, type ServerColumns } from './store.ts'

/** What a server needs (behaviour/address-books.md §7.1). */
export const CarddavServerForm = form({
  uri: text({ max: 255 }),
  enabled: optional(flag()),
  use_exact_match_policy: optional(flag()),
  min_characters: optional(integer(1)),
  results_limit: optional(integer(0)),
  timeout: optional(integer(1)),
  delay: optional(integer(100)),
  fields_for_user_input: clearable(text({ max: 255 })),
  fields_for_domain: clearable(text({ max: 255 })),
})

type ServerInput = Input<typeof CarddavServerForm>

export const CarddavServerSchema = record('CarddavServer', {
  id: integer(1),
  enabled: boolean(),
  uri: text(),
  min_characters: integer(1),
  results_limit: integer(0),
  timeout: described(integer(1), 'Seconds.'),
  delay: described(integer(100), 'Milliseconds.'),
  fields_for_user_input: orNull(text()),
  fields_for_domain: orNull(text()),
  use_exact_match_policy: boolean(),
  created_at: moment(),
  updated_at: moment(),
})

/** An explicit list, for the Space, its accounts and the server itself; the id of the Space never leaves. */
export const carddavServerWire = (server: CarddavServer) => ({
  id: server.id,
  enabled: server.enabled,
  uri: server.uri,
  min_characters: server.minCharacters,
  results_limit: server.resultsLimit,
  timeout: server.timeout,
  delay: server.delay,
  fields_for_user_input: server.fieldsForUserInput,
  fields_for_domain: server.fieldsForDomain,
  use_exact_match_policy: server.useExactMatchPolicy,
  created_at: isoMoment(server.createdAt),
  updated_at: isoMoment(server.updatedAt),
})

const NUMBERS = ['min_characters', 'results_limit', 'timeout', 'delay'] as const
const FIELDS = ['fields_for_user_input', 'fields_for_domain'] as const

const WEB_ADDRESS = /^https?:\/\/[^\s\p{Cc}]+$/iu
/** Names of vCard properties, RFC 6350 §3.3, separated by single commas. */
const FIELD_LIST = /^[\w-]+(?:,[\w-]+)*$/

/** The switches are off when nothing is said of them; the rest stays as it is. */
const columnsOf = (input: ServerInput): Partial<ServerColumns> & { uri: string } => {
  const { good } = input
  if (good.uri !== null && !(WEB_ADDRESS.test(good.uri) && URL.canParse(good.uri))) input.refuse('uri', { id: 'v.url' })
  for (const name of NUMBERS) {
    if (input.has(name) && input.isMissing(name)) input.refuse(name, { id: 'v.integer' })
  }
  for (const name of FIELDS) {
    const fields = good[name]
    if (fields !== null && !FIELD_LIST.test(fields)) input.refuse(name, { id: 'v.field_list' })
  }
  const server = input.settle()
  return {
    uri: server.uri,
    enabled: server.enabled ?? false,
    useExactMatchPolicy: server.use_exact_match_policy ?? false,
    ...(server.min_characters === null ? {} : { minCharacters: server.min_characters }),
    ...(server.results_limit === null ? {} : { resultsLimit: server.results_limit }),
    ...(server.timeout === null ? {} : { timeout: server.timeout }),
    ...(server.delay === null ? {} : { delay: server.delay }),
    ...(server.fields_for_user_input === undefined ? {} : { fieldsForUserInput: server.fields_for_user_input }),
    ...(server.fields_for_domain === undefined ? {} : { fieldsForDomain: server.fields_for_domain }),
  }
}

/** The CardDAV servers of a Space, which every phone of it is told of. They are for super administrators. */
export const carddavServers = (deps: {
  db: Db
  spaces: SpaceDirectory
  spaceNews: NewsOfSpaces
  log: Logging
  now: () => Date
}) => {
  const { db, spaces, spaceNews, log, now } = deps
  const store = carddavServerStore(db)
  const write = actionRecords(log)

  const unknownServer = () => new AppError('not_found', 'carddav.unknown')

  const list = async (domain: string): Promise<readonly CarddavServer[]> => {
    const space = await spaces.byDomain(domain)
    if (space === null) throw new AppError('not_found', 'space.unknown')
    return space.carddavServers
  }

  const changed = async <Result extends { readonly id: number }>(
    visit: Visit,
    domain: string,
    how: 'created' | 'updated' | 'deleted',
    work: (tx: Tx, space: { id: number }) => Promise<Result | null>,
  ): Promise<Result> => {
    const server = await db.transaction(async (tx) => {
      const space = await store.holdSpace(tx, domain)
      if (space === null) throw new AppError('not_found', 'space.unknown')
      const result = await work(tx, space)
      if (result === null) throw unknownServer()
      await spaceNews.changed(tx, domain)
      return result
    })
    spaces.forget()
    write('space.carddav', visit, null, { space: domain, how, server: server.id })
    return server
  }

  return {
    list,
    byId: async (domain: string, id: number): Promise<CarddavServer> => {
      const found = (await list(domain)).find((server) => server.id === id)
      if (found === undefined) throw unknownServer()
      return found
    },
    add: async (visit: Visit, domain: string, input: ServerInput): Promise<CarddavServer> => {
      const columns = columnsOf(input)
      return changed(visit, domain, 'created', (tx, space) => store.insert(tx, space, columns, now()))
    },
    change: async (
      visit: Visit,
      domain: string,
      id: number,
      input: ServerInput,
      { refuseStale = () => {} }: { refuseStale?: (before: CarddavServer) => void } = {},
    ): Promise<CarddavServer> => {
      const columns = columnsOf(input)
      return changed(visit, domain, 'updated', async (tx, space) => {
        const before = await store.one(tx, space, id)
        if (before !== null) refuseStale(before)
        return store.update(tx, space, id, columns, now())
      })
    },
    /** Every credential for it goes along. */
    remove: async (visit: Visit, domain: string, id: number): Promise<void> => {
      await changed(visit, domain, 'deleted', async (tx, space) =>
        (await store.remove(tx, space, id)) ? { id } : null,
      )
    },
  }
}

export type CarddavServers = ReturnType<typeof carddavServers>
