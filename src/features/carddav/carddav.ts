import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { choice, flag, form, type Input, integer, isTrue, optional, plainText, text } from '../../http/input.ts'
import { isoMoment } from '../../http/moment.ts'
import { boolean, described, moment, orNull, record } from '../../http/output.ts'
import type { Visit } from '../../http/visit.ts'
import type { Logging } from '../../logging/logging.ts'
import { ha1 } from '../../protocols/digest.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { SpaceDirectory } from '../spaces/directory.ts'
import type { CarddavServer, Space } from '../spaces/space.ts'
import { type CarddavCredential, carddavStore, type ServerColumns } from './store.ts'

export type { CarddavCredential } from './store.ts'

/** spec spaces.md §4.2 */
export const CarddavServerForm = form({
  uri: text({ max: 255 }),
  enabled: optional(flag()),
  use_exact_match_policy: optional(flag()),
  min_characters: optional(integer(1)),
  results_limit: optional(integer(0)),
  timeout: optional(integer(1)),
  delay: optional(integer(100)),
  fields_for_user_input: optional(text({ max: 255 })),
  fields_for_domain: optional(text({ max: 255 })),
})

/** spec spaces.md §4.3. The password comes in clear and is kept as HA1. */
export const CarddavCredentialForm = form({
  username: plainText(64),
  password: text({ numbers: true }),
  realm: plainText(255),
  algorithm: choice(['MD5', 'SHA-256']),
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

const NUMBERS = {
  min_characters: 'minCharacters',
  results_limit: 'resultsLimit',
  timeout: 'timeout',
  delay: 'delay',
} as const satisfies Record<string, keyof ServerColumns>

const FIELDS = {
  fields_for_user_input: 'fieldsForUserInput',
  fields_for_domain: 'fieldsForDomain',
} as const satisfies Record<string, keyof ServerColumns>

const WEB_ADDRESS = /^https?:\/\/[^\s\p{Cc}]+$/iu
/** Names of vCard properties, RFC 6350 §3.3, separated by single commas. */
const FIELD_LIST = /^[\w-]+(?:,[\w-]+)*$/

const checkServer = (input: ServerInput): void => {
  const { values } = input
  const uri = values.uri ?? ''
  if (input.isGood('uri') && !(WEB_ADDRESS.test(uri) && URL.canParse(uri))) input.refuse('uri', { id: 'v.url' })
  for (const name of Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]) {
    if (values[name] === null) input.refuse(name, { id: 'v.integer' })
  }
  for (const name of Object.keys(FIELDS) as (keyof typeof FIELDS)[]) {
    if (input.isGood(name) && !FIELD_LIST.test(values[name] ?? '')) input.refuse(name, { id: 'v.field_list' })
  }
  input.settle()
}

/** The switches are off when nothing is said of them; the rest stays as it is. */
const columnsOf = ({ values }: ServerInput) => ({
  uri: values.uri ?? '',
  enabled: isTrue(values.enabled),
  useExactMatchPolicy: isTrue(values.use_exact_match_policy),
  ...Object.fromEntries(
    Object.entries({ ...NUMBERS, ...FIELDS }).flatMap(([name, column]) => {
      const value = values[name as keyof typeof values]
      return value === undefined ? [] : [[column, value]]
    }),
  ),
})

/**
 * CardDAV: the servers of a Space, which every phone of it is told of, and what an account signs in to them with.
 * Servers are for super administrators, credentials for administrators of Spaces that want them.
 */
export const carddav = (deps: {
  db: Db
  accounts: Accounts
  spaces: SpaceDirectory
  log: Logging
  now: () => Date
}) => {
  const { db, accounts, spaces, log, now } = deps
  const store = carddavStore(db)

  const unknownServer = () => new AppError('not_found', 'carddav.unknown')

  const serversOf = async (domain: string): Promise<readonly CarddavServer[]> => {
    const space = await spaces.byDomain(domain)
    if (space === null) throw new AppError('not_found', 'space.unknown')
    return space.carddavServers
  }

  const changeServer = async <Result extends { readonly id: number }>(
    visit: Visit,
    domain: string,
    how: 'created' | 'updated' | 'deleted',
    work: (tx: Tx, space: { id: number }) => Promise<Result | null>,
  ): Promise<Result> => {
    const changed = await db.transaction(async (tx) => {
      const space = await store.holdSpace(tx, domain)
      if (space === null) throw new AppError('not_found', 'space.unknown')
      const result = await work(tx, space)
      if (result === null) throw unknownServer()
      return result
    })
    spaces.forget()
    log.security('space.carddav', {
      space: domain,
      ip: visit.address,
      by: visit.caller === null ? null : `${visit.caller.username}@${visit.caller.domain}`,
      how,
      server: changed.id,
      rid: visit.id,
    })
    return changed
  }

  /** Before anything else is looked at (spec spaces.md §4.3). */
  const refuseWithout = (space: Space): void => {
    if (!space.carddavUserCredentials) throw new AppError('forbidden', 'carddav.off')
  }

  return {
    serversOf,
    server: async (domain: string, id: number): Promise<CarddavServer> => {
      const found = (await serversOf(domain)).find((server) => server.id === id)
      if (found === undefined) throw unknownServer()
      return found
    },
    addServer: async (visit: Visit, domain: string, input: ServerInput): Promise<CarddavServer> => {
      checkServer(input)
      return changeServer(visit, domain, 'created', (tx, space) =>
        store.insertServer(tx, space, columnsOf(input), now()),
      )
    },
    changeServer: async (visit: Visit, domain: string, id: number, input: ServerInput): Promise<CarddavServer> => {
      checkServer(input)
      return changeServer(visit, domain, 'updated', (tx, space) =>
        store.updateServer(tx, space, id, columnsOf(input), now()),
      )
    },
    /** Every credential for it goes along. */
    removeServer: async (visit: Visit, domain: string, id: number): Promise<void> => {
      await changeServer(visit, domain, 'deleted', async (tx, space) =>
        (await store.removeServer(tx, space, id)) ? { id } : null,
      )
    },

    /** With their HA1, for the provisioning document. */
    credentialRows: (on: Reader, accountId: number) => store.credentials(on, accountId),
    credentials: async (visit: Visit, id: number): Promise<readonly CarddavCredential[]> => {
      refuseWithout(visit.space)
      await accounts.byId(visit.space, id)
      return store.credentials(db.read, id)
    },
    credential: async (visit: Visit, id: number, serverId: number): Promise<CarddavCredential> => {
      refuseWithout(visit.space)
      await accounts.byId(visit.space, id)
      const found = (await store.credentials(db.read, id)).find((one) => one.spaceCarddavServerId === serverId)
      if (found === undefined) throw unknownServer()
      return found
    },
    setCredential: async (
      visit: Visit,
      id: number,
      serverId: number,
      input: Input<typeof CarddavCredentialForm>,
    ): Promise<void> => {
      refuseWithout(visit.space)
      input.settle()
      const { username, password, realm, algorithm } = input.values
      const columns = {
        username: username ?? '',
        password: ha1(algorithm ?? 'MD5', username ?? '', realm ?? '', password ?? ''),
        realm: realm ?? '',
        algorithm: algorithm ?? 'MD5',
      }
      await accounts.edit(visit, id, async (tx) => {
        if (!(await store.holdServer(tx, visit.space, serverId))) throw unknownServer()
        await store.setCredential(tx, id, serverId, columns, now())
      })
    },
    removeCredential: async (visit: Visit, id: number, serverId: number): Promise<void> => {
      refuseWithout(visit.space)
      await accounts.edit(visit, id, async (tx) => {
        if (!(await store.removeCredential(tx, id, serverId))) throw unknownServer()
      })
    },
  }
}

export type Carddav = ReturnType<typeof carddav>
