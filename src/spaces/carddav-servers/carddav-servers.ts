import type { Audit } from '../../audit/audit.ts'
import { differences } from '../../audit/differences.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { clearable, flag, form, type Input, integer, optional, text } from '../../http/input.ts'
import { isoMoment } from '../../http/moment.ts'
import { boolean, described, moment, orNull, record } from '../../http/output.ts'
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
  audit: Audit
  now: () => Date
}) => {
  const { db, spaces, spaceNews, audit, now } = deps
  const store = carddavServerStore(db)

  const unknownServer = () => new AppError('not_found', 'carddav.unknown')

  const list = async (domain: string): Promise<readonly CarddavServer[]> => {
    const space = await spaces.byDomain(domain)
    if (space === null) throw new AppError('not_found', 'space.unknown')
    return space.carddavServers
  }

  /** `work` on the server of that id, null for a new one, resolves to what it is then; null: it is gone. */
  const change = async <After extends CarddavServer | null>(
    visit: Visit,
    domain: string,
    id: number | null,
    work: (tx: Tx, space: { id: number }, before: CarddavServer | null) => Promise<After>,
  ): Promise<After> => {
    const server = await db.transaction(async (tx) => {
      const space = await store.holdSpace(tx, domain)
      if (space === null) throw new AppError('not_found', 'space.unknown')
      const before = id === null ? null : await store.one(tx, space, id)
      if (id !== null && before === null) throw unknownServer()
      const after = await work(tx, space, before)
      await spaceNews.changed(tx, domain)
      const changed = differences(before && carddavServerWire(before), after && carddavServerWire(after))
      const how = before === null ? 'created' : after === null ? 'deleted' : 'updated'
      const about = { kind: 'space', id: space.id, name: domain } as const
      const detail = { kind: how, object: id ?? after?.id }
      await audit.record(tx, 'space.carddav', { by: visit, space, about, changed, detail })
      return after
    })
    spaces.forget()
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
      return change(visit, domain, null, (tx, space) => store.insert(tx, space, columns, now()))
    },
    change: async (
      visit: Visit,
      domain: string,
      id: number,
      input: ServerInput,
      { refuseStale = () => {} }: { refuseStale?: (before: CarddavServer) => void } = {},
    ): Promise<CarddavServer> => {
      const columns = columnsOf(input)
      return change(visit, domain, id, async (tx, space, before) => {
        if (before !== null) refuseStale(before)
        const server = await store.update(tx, space, id, columns, now())
        if (server === null) throw unknownServer()
        return server
      })
    },
    /** Every credential for it goes along. */
    remove: async (visit: Visit, domain: string, id: number): Promise<void> => {
      await change(visit, domain, id, async (tx, space) => {
        if (!(await store.remove(tx, space, id))) throw unknownServer()
        return null
      })
    },
  }
}

export type CarddavServers = ReturnType<typeof carddavServers>
