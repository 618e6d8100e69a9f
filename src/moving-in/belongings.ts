import type { Config } from '../config/config.ts'
import type { Tx } from '../db/db.ts'
import { canonicalAddress } from '../protocols/ip-address.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import type { Secrets } from '../secrets.ts'
import type { Coming, Page } from './accounts.ts'
import type { IdMap } from './ids.ts'
import { unlocked } from './laravel.ts'
import type { Report } from './report.ts'
import type { Source } from './source.ts'
import type { Spaces } from './spaces.ts'
import type { MovingInStore } from './store.ts'
import { instantIn, numberIn, type Row, stampsIn, textIn, wordIn } from './values.ts'

export interface Belonging {
  readonly row: Row
  readonly account: Coming & { readonly id: number }
}

const ALGORITHMS = ['MD5', 'SHA-256'] as const
const PROTOCOLS = ['UDP', 'TCP', 'TLS'] as const
/** What of a key is shown again. */
const PREFIX_LENGTH = 6

const isHa1 = (algorithm: string | undefined, password: string): boolean =>
  new RegExp(algorithm === 'MD5' ? '^[0-9a-f]{32}$' : '^[0-9a-f]{64}$').test(password)

export interface BelongingsDeps {
  readonly config: Config
  readonly source: Source
  readonly store: MovingInStore
  readonly secrets: Secrets
  readonly report: Report
  readonly ids: IdMap
  readonly spaces: Spaces
  readonly lists: ReadonlyMap<number, number>
  readonly types: ReadonlyMap<number, number>
  readonly now: Date
  readonly key: Uint8Array | null
  readonly takeIds: (
    tx: Tx,
    table: 'externalAccounts' | 'accountActions',
    theirs: readonly number[],
  ) => Promise<number[]>
}

/** The rows of a table that belong to the accounts of a page; those of others are counted. */
export const belongingTo = async (
  { source, report, ids }: Pick<BelongingsDeps, 'source' | 'report' | 'ids'>,
  page: Page,
  table: string,
  order = 'id',
): Promise<Belonging[]> => {
  const count = report.of(table)
  const rows = await source.between(table, 'account_id', page.first, page.last, order)
  count.read += rows.length
  return rows.flatMap((row) => {
    const account = page.arrived.get(Number(row.account_id))
    if (account !== undefined) return { row, account }
    if (ids.get(Number(row.account_id)) !== null) count.there += 1
    else count.left += 1
    return []
  })
}

/** What belongs to accounts and to nobody else, moved with them. */
export const movingBelongings = (deps: BelongingsDeps) => {
  const { source, store, secrets, report, spaces, lists, types, now, key, takeIds } = deps
  const nameOf = ({ account }: Belonging) => addressOfRecord(account.row)
  const wrote = (table: string, rows: readonly unknown[]) => {
    report.of(table).written += rows.length
  }

  const dictionary = async (tx: Tx, page: Page): Promise<void> => {
    const table = 'account_dictionary_entries'
    const rows = (await belongingTo(deps, page, table)).map(({ row, account }) => ({
      accountId: account.id,
      key: textIn(row, 'key') ?? '',
      value: textIn(row, 'value') ?? '',
      ...stampsIn(row, now),
    }))
    wrote(table, await store.entries(tx, rows))
  }

  const vcards = async (tx: Tx, page: Page): Promise<void> => {
    const table = 'vcards_storage'
    const rows = (await belongingTo(deps, page, table)).map(({ row, account }) => ({
      accountId: account.id,
      uuid: textIn(row, 'uuid') ?? '',
      vcard: textIn(row, 'vcard') ?? '',
      ...stampsIn(row, now),
    }))
    wrote(table, await store.vcards(tx, rows))
  }

  const actions = async (tx: Tx, page: Page): Promise<void> => {
    const table = 'account_actions'
    const found = await belongingTo(deps, page, table)
    const ids = await takeIds(
      tx,
      'accountActions',
      found.map(({ row }) => Number(row.id)),
    )
    const rows = found.map(({ row, account }, at) => ({
      id: ids[at] ?? 0,
      accountId: account.id,
      key: textIn(row, 'key') ?? '',
      code: textIn(row, 'code') ?? '',
      ...stampsIn(row, now),
    }))
    wrote(table, await store.actions(tx, rows))
  }

  const typesOf = async (tx: Tx, page: Page): Promise<void> => {
    const table = 'account_account_type'
    const rows = (await belongingTo(deps, page, table, 'account_id')).flatMap((one) => {
      const accountTypeId = types.get(Number(one.row.account_type_id))
      if (accountTypeId === undefined) report.lost(table, nameOf(one), 'its type does not come')
      else return { accountId: one.account.id, accountTypeId, ...stampsIn(one.row, now) }
      return []
    })
    wrote(table, await store.typesOf(tx, rows))
  }

  const listsOf = async (tx: Tx, page: Page): Promise<void> => {
    const table = 'account_contacts_list'
    const rows = (await belongingTo(deps, page, table, 'account_id')).flatMap((one) => {
      const contactsListId = lists.get(Number(one.row.contacts_list_id))
      if (contactsListId === undefined) report.lost(table, nameOf(one), 'its contacts list does not come')
      else return { accountId: one.account.id, contactsListId, ...stampsIn(one.row, now) }
      return []
    })
    wrote(table, await store.listAccounts(tx, rows))
  }

  const external = async (tx: Tx, page: Page): Promise<void> => {
    const table = 'external_accounts'
    const seen = new Set<number>()
    const coming = (await belongingTo(deps, page, table)).flatMap((one) => {
      const { row, account } = one
      const lost = (why: string) => {
        report.lost(table, nameOf(one), why)
        return []
      }
      const [username, domain] = [wordIn(row, 'username'), wordIn(row, 'domain')?.toLowerCase() ?? null]
      if (username === null || domain === null) return lost('it has no name or no domain')
      const password = unlocked(textIn(row, 'password') ?? '', key)?.toLowerCase()
      if (password === undefined) return lost('its password is encrypted: --app-key opens it')
      const algorithm = ALGORITHMS.find((known) => known === (wordIn(row, 'algorithm') ?? 'MD5'))
      if (algorithm === undefined || !isHa1(algorithm, password)) return lost('its password is no HA1')
      if (seen.has(account.id)) return lost('its account has another one')
      seen.add(account.id)
      const protocol = PROTOCOLS.find((known) => known === wordIn(row, 'protocol')?.toUpperCase()) ?? 'UDP'
      const [realm, registrar] = [wordIn(row, 'realm'), wordIn(row, 'registrar')]
      const outboundProxy = wordIn(row, 'outbound_proxy')
      const rest = { realm, registrar, outboundProxy, protocol, ...stampsIn(row, now) }
      return { theirs: Number(row.id), row: { accountId: account.id, username, domain, password, algorithm, ...rest } }
    })
    const ids = await takeIds(
      tx,
      'externalAccounts',
      coming.map(({ theirs }) => theirs),
    )
    const rows = coming.map(({ row }, at) => ({ id: ids[at] ?? 0, ...row }))
    const stored = new Set((await store.external(tx, rows)).map(({ id }) => id))
    for (const row of rows) {
      if (!stored.has(row.id)) report.lost(table, addressOfRecord(row), 'another account has this line')
    }
    report.of(table).written += stored.size
  }

  const credentials = async (tx: Tx, page: Page): Promise<void> => {
    const table = 'account_carddav_credentials'
    const rows = (await belongingTo(deps, page, table, 'account_id')).flatMap((one) => {
      const { row, account } = one
      const lost = (why: string) => {
        report.lost(table, nameOf(one), why)
        return []
      }
      const server = spaces.carddavServers.get(Number(row.space_carddav_server_id))
      if (server === undefined) return lost('its server does not come')
      const password = unlocked(textIn(row, 'password') ?? '', key)?.toLowerCase()
      const algorithm = ALGORITHMS.find((known) => known === (wordIn(row, 'algorithm') ?? 'MD5'))
      if (password === undefined) return lost('its password is encrypted: --app-key opens it')
      if (algorithm === undefined || !isHa1(algorithm, password)) return lost('its password is no HA1')
      const [username, realm] = [textIn(row, 'username') ?? '', textIn(row, 'realm') ?? '']
      const rest = { username, realm, password, algorithm, ...stampsIn(row, now) }
      return { accountId: account.id, spaceCarddavServerId: server.id, ...rest }
    })
    wrote(table, await store.credentials(tx, rows))
  }

  const apiKeyOf = ({ row, account }: Belonging, at: number, isOwn: boolean, text: string) => {
    const stamps = stampsIn(row, now)
    const ip = wordIn(row, 'ip')
    const address = ip === null ? null : canonicalAddress(ip)
    const idle = numberIn(row, 'expires_after_last_used_minutes')
    return {
      accountId: account.id,
      key: secrets.hash(text),
      name: isOwn ? null : (wordIn(row, 'name') ?? `moved in ${at + 1}`),
      prefix: isOwn ? null : text.slice(0, PREFIX_LENGTH),
      scope: 'full' as const,
      ip: isOwn ? address : null,
      networks: isOwn || address === null ? null : `${address}/${address.includes(':') ? 128 : 32}`,
      requests: numberIn(row, 'requests') ?? 0,
      lastUsedAt: instantIn(row, 'last_used_at') ?? stamps.createdAt,
      lastUsedAddress: null,
      expiresAfterLastUsedMinutes: isOwn ? null : (idle ?? 0),
      expireAt: null,
      ...stamps,
    }
  }

  /** The newest without a limit of its own is the account's; others, which programs have, get names. */
  const apiKeys = async (tx: Tx, page: Page): Promise<void> => {
    const table = 'api_keys'
    const found = await belongingTo(deps, page, table)
    const rows = [...Map.groupBy(found, ({ account }) => account.id).values()].flatMap((some) => {
      const isNamed = ({ row }: Belonging) =>
        wordIn(row, 'name') !== null || numberIn(row, 'expires_after_last_used_minutes') !== null
      const own = some.findLast((one) => !isNamed(one))
      return some.flatMap((one, at) => {
        const text = unlocked(wordIn(one.row, 'key') ?? '', key)
        if (text !== null && text !== '') return apiKeyOf(one, at, one === own, text)
        report.lost(table, nameOf(one), text === '' ? 'it is empty' : 'it is encrypted: --app-key opens it')
        return []
      })
    })
    wrote(table, await store.apiKeys(tx, rows))
  }

  return {
    move: async (tx: Tx, page: Page): Promise<void> => {
      for (const one of [dictionary, vcards, actions, typesOf, listsOf, external, credentials, apiKeys]) {
        await one(tx, page)
      }
    },
    /** Lines at carriers that no account has: of times when they were kept in store. */
    unowned: async (): Promise<void> => {
      for await (const rows of source.pages('external_accounts', 'id', 1000)) {
        for (const row of rows) {
          if (row.account_id !== null) continue
          report.of('external_accounts').read += 1
          report.lost('external_accounts', `${textIn(row, 'username')}@${textIn(row, 'domain')}`, 'no account has it')
        }
      }
    },
  }
}
