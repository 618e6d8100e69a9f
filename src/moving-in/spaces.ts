import type { Config } from '../config/config.ts'
import { isUnderRoot } from '../config/root-host.ts'
import type { Tx } from '../db/db.ts'
import { isDomain } from '../protocols/sip-address.ts'
import type { Secrets } from '../secrets.ts'
import type { Generation } from './generation.ts'
import { unlocked } from './laravel.ts'
import type { Report } from './report.ts'
import type { Source } from './source.ts'
import type { MovingInStore } from './store.ts'
import { flagIn, instantIn, numberIn, type Row, stampsIn, textIn, wordIn } from './values.ts'

/** A Space that accounts come into. */
export interface MovedSpace {
  readonly id: number
  readonly domain: string
  readonly isNew: boolean
  /** With which the HA1 values of its accounts were made; null: it stores none. */
  readonly realm: string | null
  readonly uniqueEmail: boolean
  readonly maxAccounts: number
  /** The name of its logo's file. */
  readonly logo: string | null
}

export interface Spaces {
  /** By their SIP domains, in lower case. */
  readonly byDomain: ReadonlyMap<string, MovedSpace>
  /** By the ids that they had. */
  readonly byTheirId: ReadonlyMap<number, MovedSpace>
  /** Address books, by the ids that they had. */
  readonly carddavServers: ReadonlyMap<number, { readonly id: number; readonly isNew: boolean }>
}

/** What the operator says of Spaces that a database has no words for. */
export interface SpaceWishes {
  /** HTTP hosts by SIP domains. */
  readonly hosts: ReadonlyMap<string, string>
  /** Of Spaces without one of their own; null: their SIP domain. */
  readonly realm: string | null
}

const MOST_TEXT = 255

export const movingSpaces = (deps: {
  config: Config
  source: Source
  generation: Generation
  store: MovingInStore
  secrets: Secrets
  report: Report
  now: Date
  key: Uint8Array | null
  wishes: SpaceWishes
  takeIds: (tx: Tx, table: 'spaces' | 'spaceCarddavServers', theirs: readonly number[]) => Promise<number[]>
}) => {
  const { config, source, generation, store, secrets, report, now, key, wishes, takeIds } = deps

  const all = async (table: string, order = 'id'): Promise<Row[]> => {
    const rows: Row[] = []
    for await (const page of source.pages(table, order, 500)) rows.push(...page)
    return rows
  }

  /** Rows of Spaces; where there are none, one for each domain of accounts. */
  const rows = async (): Promise<Row[]> => {
    if (generation.spaces !== null) return all(generation.spaces)
    const domains = new Set<string>()
    for await (const page of source.pages('accounts', 'id', 1000)) {
      for (const row of page) domains.add(wordIn(row, 'domain')?.toLowerCase() ?? '')
    }
    return [...domains].filter((domain) => domain !== '').map((domain, at) => ({ id: at + 1, domain }))
  }

  const has = (column: string) =>
    generation.spaces !== null && source.columns.get(generation.spaces)?.has(column) === true

  const columnsOf = (row: Row, domain: string) => ({
    domain,
    host: (wishes.hosts.get(domain) ?? wordIn(row, 'host') ?? domain).toLowerCase(),
    name: wordIn(row, 'name') ?? domain,
    super: flagIn(row, 'super', false),
    maxAccounts: numberIn(row, 'max_accounts') ?? 0,
    maxAccount: numberIn(row, 'max_account') ?? 0,
    expireAt: instantIn(row, 'expire_at'),
    uniqueEmail: flagIn(row, 'unique_email', false),
    accountProxyRegistrarAddress: wordIn(row, 'account_proxy_registrar_address'),
    customProvisioningEntries: textIn(row, 'custom_provisioning_entries'),
    customProvisioningOverwriteAll: flagIn(row, 'custom_provisioning_overwrite_all', false),
    // Where the switch is gone, the header is always needed.
    provisioningUseLinphoneProvisioningHeader: flagIn(
      row,
      'provisioning_use_linphone_provisioning_header',
      generation.hasDigestRows,
    ),
    disableBroadcastFeature: flagIn(row, 'disable_broadcast_feature', true),
    disableChatFeature: flagIn(row, 'disable_chat_feature', false),
    disableMeetingsFeature: flagIn(row, 'disable_meetings_feature', false),
    disableCallRecordingsFeature: flagIn(row, 'disable_call_recordings_feature', false),
    hideSettings: flagIn(row, 'hide_settings', false),
    hideAccountSettings: flagIn(row, 'hide_account_settings', false),
    onlyDisplaySipUriUsername: flagIn(row, 'only_display_sip_uri_username', false),
    assistantHideCreateAccount: flagIn(row, 'assistant_hide_create_account', false),
    assistantDisableQrCode: flagIn(row, 'assistant_disable_qr_code', false),
    assistantHideThirdPartyAccount: flagIn(row, 'assistant_hide_third_party_account', false),
    webPanel: flagIn(row, 'web_panel', true),
    publicRegistration: flagIn(row, 'public_registration', true),
    phoneRegistration: flagIn(row, 'phone_registration', true),
    intercomFeatures: flagIn(row, 'intercom_features', false),
    carddavUserCredentials: flagIn(row, 'carddav_user_credentials', false),
    clientCertificateAuthentication: flagIn(row, 'client_certificate_authentication', false),
    newsletterRegistrationAddress: wordIn(row, 'newsletter_registration_address'),
    copyrightText: textIn(row, 'copyright_text'),
    introRegistrationText: textIn(row, 'intro_registration_text'),
    themeHue: numberIn(row, 'theme_hue'),
    ...stampsIn(row, now),
  })

  /** Digest settings of theirs; null: the Space stores no passwords. */
  const digestOf = (row: Row, configurations: ReadonlyMap<number, Row>) => {
    const own = generation.hasDigestRows ? configurations.get(Number(row.id)) : row
    if (own === undefined) return null
    const realm = wordIn(own, generation.hasDigestRows ? 'realm' : 'account_realm') ?? wishes.realm
    const column = generation.hasDigestRows ? 'default_password_algorithm' : 'account_default_password_algorithm'
    const algorithm = wordIn(own, column)
    const defaultPasswordAlgorithm = algorithm === 'MD5' || algorithm === 'SHA-256' ? algorithm : null
    return { realm, defaultPasswordAlgorithm } as const
  }

  const emailServer = async (tx: Tx, row: Row, space: MovedSpace): Promise<void> => {
    const host = wordIn(row, 'host')
    const port = numberIn(row, 'port')
    if (host === null || port === null || port < 1 || port > 65_535) {
      return report.lost('space_email_servers', space.domain, 'it has no host or no port')
    }
    const stored = textIn(row, 'password')
    const password = stored === null || stored === '' ? null : unlocked(stored, key)
    if (password === null && stored !== null && stored !== '') {
      report.without('space_email_servers', space.domain, 'its password is encrypted: --app-key opens it')
    }
    await store.insertEmailServer(tx, {
      spaceId: space.id,
      host,
      port,
      username: wordIn(row, 'username'),
      password: password === null ? null : secrets.seal(password),
      fromAddress: wordIn(row, 'from_address'),
      fromName: wordIn(row, 'from_name'),
      signature: textIn(row, 'signature'),
      ...stampsIn(row, now),
    })
    report.of('space_email_servers').written += 1
  }

  const emailServers = async (tx: Tx, byTheirId: Spaces['byTheirId']): Promise<void> => {
    for (const row of await all('space_email_servers')) {
      const count = report.of('space_email_servers')
      count.read += 1
      const space = byTheirId.get(Number(row.space_id))
      if (space === undefined) report.lost('space_email_servers', String(row.host), 'its Space does not come')
      else if (space.isNew) await emailServer(tx, row, space)
      else count.there += 1
    }
  }

  const carddavServers = async (tx: Tx, byTheirId: Spaces['byTheirId']): Promise<Spaces['carddavServers']> => {
    const moved = new Map<number, { id: number; isNew: boolean }>()
    const table = 'space_carddav_servers'
    for (const row of await all(table)) {
      const count = report.of(table)
      count.read += 1
      const space = byTheirId.get(Number(row.space_id))
      const uri = wordIn(row, 'uri')
      if (space === undefined || uri === null) {
        report.lost(table, uri ?? String(row.id), space === undefined ? 'its Space does not come' : 'it has no address')
        continue
      }
      if (!space.isNew) {
        count.there += 1
        continue
      }
      const [id = 0] = await takeIds(tx, 'spaceCarddavServers', [Number(row.id)])
      await store.insertCarddavServer(tx, {
        id,
        spaceId: space.id,
        enabled: flagIn(row, 'enabled', true),
        uri,
        minCharacters: numberIn(row, 'min_characters') ?? 3,
        resultsLimit: numberIn(row, 'results_limit') ?? 0,
        timeout: numberIn(row, 'timeout') ?? 5,
        delay: numberIn(row, 'delay') ?? 500,
        fieldsForUserInput: wordIn(row, 'fields_for_user_input'),
        fieldsForDomain: wordIn(row, 'fields_for_domain'),
        useExactMatchPolicy: flagIn(row, 'use_exact_match_policy', false),
        ...stampsIn(row, now),
      })
      moved.set(Number(row.id), { id, isNew: true })
      count.written += 1
    }
    return moved
  }

  /** What has no place here. */
  const withoutPlace = async (byTheirId: Spaces['byTheirId']): Promise<void> => {
    const table = 'space_oidc_authentication_configurations'
    for (const row of await all(table)) {
      report.of(table).read += 1
      const domain = byTheirId.get(Number(row.space_id))?.domain ?? String(row.space_id)
      report.lost(table, domain, 'signing in through an OpenID provider is not supported')
    }
  }

  const move = async (tx: Tx): Promise<Spaces> => {
    const byDomain = new Map<string, MovedSpace>()
    const byTheirId = new Map<number, MovedSpace>()
    const ours = await store.spaces(tx)
    const configurations = new Map(
      (await all('space_digest_authentication_configurations')).map((row) => [Number(row.space_id), row]),
    )
    for (const row of await rows()) {
      const count = report.of('spaces')
      count.read += 1
      const domain = wordIn(row, 'domain')?.toLowerCase() ?? ''
      const digest = digestOf(row, configurations)
      const realm = digest === null ? null : (digest.realm ?? domain)
      const keep = (id: number, isNew: boolean, uniqueEmail: boolean, maxAccounts: number) => {
        const logo = wordIn(row, 'logo')
        const space = { id, domain, isNew, realm, uniqueEmail, maxAccounts, logo }
        byDomain.set(domain, space)
        byTheirId.set(Number(row.id), space)
      }
      const there = ours.find(({ space }) => space.domain === domain)
      if (there !== undefined) {
        const ourRealm = there.digestId === null ? null : (there.realm ?? domain)
        if (realm !== null && ourRealm !== realm) {
          const word = ourRealm === null ? 'none here' : `"${ourRealm}" here`
          report.lost('spaces', domain, `its realm is "${realm}" there and ${word}, so that no password would fit`)
          continue
        }
        count.there += 1
        keep(there.space.id, false, there.space.uniqueEmail, there.space.maxAccounts)
        continue
      }
      const columns = columnsOf(row, domain)
      const why = !isDomain(domain)
        ? 'it is no SIP domain'
        : columns.name.length > MOST_TEXT
          ? 'its name is too long'
          : (taken(ours, columns) ?? taken([...made.values()], columns))
      if (why !== null) {
        report.lost('spaces', domain, why)
        continue
      }
      if (generation.spaces !== 'spaces' || !has('host')) {
        report.changed(
          'spaces',
          domain,
          `becomes a Space on the host ${columns.host} (--host ${domain}=… says another)`,
        )
      }
      if (!isUnderRoot(config, columns.host)) {
        report.changed('spaces', domain, `its host ${columns.host} is answered only once it lies under APP_ROOT_HOST`)
      }
      const [id = 0] = await takeIds(tx, 'spaces', [Number(row.id)])
      await store.insertSpace(tx, { id, ...columns })
      made.set(domain, { space: columns })
      if (digest !== null) {
        await store.insertDigest(tx, {
          spaceId: id,
          ...digest,
          createdAt: columns.createdAt,
          updatedAt: columns.updatedAt,
        })
      }
      count.written += 1
      keep(id, true, columns.uniqueEmail, columns.maxAccounts)
    }
    await emailServers(tx, byTheirId)
    const servers = await carddavServers(tx, byTheirId)
    await withoutPlace(byTheirId)
    return { byDomain, byTheirId, carddavServers: servers }
  }
  const made = new Map<string, { space: { host: string; name: string } }>()

  return { move }
}

/** Why there can be no such Space beside those; null: there can. */
const taken = (
  some: readonly { readonly space: { readonly host: string; readonly name: string } }[],
  { host, name }: { readonly host: string; readonly name: string },
): string | null => {
  if (some.some(({ space }) => space.host === host)) return `another Space is on the host ${host}`
  return some.some(({ space }) => space.name === name) ? `another Space is called ${name}` : null
}
