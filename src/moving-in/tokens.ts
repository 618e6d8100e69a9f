import type { Config } from '../config/config.ts'
import type { Tx } from '../db/db.ts'
import type { Secrets } from '../secrets.ts'
import type { Page } from './accounts.ts'
import { belongingTo } from './belongings.ts'
import type { IdMap } from './ids.ts'
import type { Report } from './report.ts'
import type { Source } from './source.ts'
import type { MovingInStore } from './store.ts'
import { flagIn, instantIn, numberIn, type Row, stampsIn, textIn, wordIn } from './values.ts'

const PAGE = 1000
const MINUTE_MS = 60_000
/** How long a QR code that a browser shows can be approved. */
const AUTH_TOKEN_MINUTES = 5
/** A key that a phone types, or that a link has. */
const CONFIRMATION_KEY = /^(?:\d{4}|[A-Za-z0-9]{13})$/
const ACTIONS = ['call', 'show', 'bye', 'accept', 'decline'] as const

/** What somebody may still use: tokens that are neither spent nor too old, codes that wait, links. */
export const movingTokens = (deps: {
  config: Config
  source: Source
  store: MovingInStore
  secrets: Secrets
  report: Report
  ids: IdMap
  now: Date
}) => {
  const { config, source, store, secrets, report, ids, now } = deps

  /** `minutes` null: for ever. */
  const isAlive = (row: Row, minutes: number | null): boolean =>
    !flagIn(row, 'used', false) &&
    instantIn(row, 'used_at') === null &&
    (minutes === null || stampsIn(row, new Date(0)).createdAt.getTime() + minutes * MINUTE_MS > now.getTime())

  const columnsOf = (row: Row, text: string) => ({
    token: secrets.hash(text),
    used: false,
    ip: textIn(row, 'ip'),
    userAgent: textIn(row, 'user_agent'),
    ...stampsIn(row, now),
  })

  /** Those of a page's accounts that are good for something; the others are over. */
  const alive = async (page: Page, table: string, minutes: number | null, column = 'token') => {
    const found = await belongingTo(deps, page, table)
    const good = found.filter(({ row }) => wordIn(row, column) !== null && isAlive(row, minutes))
    report.of(table).over += found.length - good.length
    return good.map((one) => ({ ...one, text: wordIn(one.row, column) ?? '' }))
  }

  const newest = <One extends { readonly account: { readonly id: number } }>(table: string, some: readonly One[]) => {
    const last = [...new Map(some.map((one) => [one.account.id, one])).values()]
    report.of(table).over += some.length - last.length
    return last
  }

  const ofPage = async (tx: Tx, page: Page): Promise<void> => {
    const provisioning = newest(
      'provisioning_tokens',
      await alive(page, 'provisioning_tokens', config.APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES),
    ).map(({ row, account, text }) => ({ ...columnsOf(row, text), accountId: account.id, sealed: secrets.seal(text) }))
    report.of('provisioning_tokens').written += (await store.provisioning(tx, provisioning)).length

    const minutes = config.APP_RESET_PASSWORD_EMAIL_TOKEN_EXPIRATION_MINUTES
    const resets = (await alive(page, 'reset_password_email_tokens', minutes)).map(({ row, account, text }) => ({
      ...columnsOf(row, text),
      accountId: account.id,
      email: textIn(row, 'email') ?? '',
    }))
    report.of('reset_password_email_tokens').written += (await store.resets(tx, resets)).length

    const codeOf = (row: Row, code: string) => ({
      code: secrets.seal(code),
      attempts: numberIn(row, 'attempts') ?? 0,
      confirmedAt: null,
      ip: textIn(row, 'ip'),
      userAgent: textIn(row, 'user_agent'),
      ...stampsIn(row, now),
    })
    const phones = newest(
      'phone_change_codes',
      await alive(page, 'phone_change_codes', config.APP_PHONE_CHANGE_CODE_EXPIRATION_MINUTES, 'code'),
    ).map(({ row, account, text }) => {
      return { ...codeOf(row, text), accountId: account.id, phone: textIn(row, 'phone') ?? '' }
    })
    report.of('phone_change_codes').written += (await store.phoneCodes(tx, phones)).length
    const emails = newest(
      'email_change_codes',
      await alive(page, 'email_change_codes', config.APP_EMAIL_CHANGE_CODE_EXPIRATION_MINUTES, 'code'),
    ).map(({ row, account, text }) => {
      const nothing = { hash: null, previousEmail: null, undoHash: null, newsletterWording: null }
      return { ...codeOf(row, text), ...nothing, accountId: account.id, email: textIn(row, 'email') ?? '' }
    })
    report.of('email_change_codes').written += (await store.emailCodes(tx, emails)).length
    await confirmationKeys(tx, page)
  }

  /** Of versions up to April 2025: a column of accounts, and its end in a table of its own. */
  const confirmationKeys = async (tx: Tx, page: Page): Promise<void> => {
    if (source.columns.get('accounts')?.has('confirmation_key') !== true) return
    const ends = await source.between('activation_expirations', 'account_id', page.first, page.last, 'account_id')
    const endOf = new Map(ends.map((row) => [Number(row.account_id), instantIn(row, 'expires')]))
    const rows = page.rows.flatMap((row) => {
      const account = page.arrived.get(Number(row.id))
      const key = textIn(row, 'confirmation_key') ?? ''
      if (account === undefined || account.row.activated || !CONFIRMATION_KEY.test(key)) return []
      return {
        accountId: account.id,
        key: secrets.hash(key),
        sealed: secrets.seal(key),
        used: false,
        expiresAt: endOf.get(Number(row.id)) ?? null,
        ...stampsIn(row, now),
      }
    })
    const count = report.of('accounts.confirmation_key')
    count.read += rows.length
    count.written += (await store.confirmation(tx, rows)).length
  }

  /** Tokens of no account, page by page; `write` resolves to how many were stored. */
  const loose = async (
    table: string,
    minutes: number | null,
    write: (rows: readonly { row: Row; text: string }[]) => Promise<readonly unknown[]>,
    order = 'id',
  ): Promise<void> => {
    const count = report.of(table)
    for await (const rows of source.pages(table, order, PAGE)) {
      count.read += rows.length
      const good = rows.flatMap((row) => {
        const text = wordIn(row, 'token')
        return text !== null && isAlive(row, minutes) ? { row, text } : []
      })
      count.over += rows.length - good.length
      const stored = await write(good)
      count.written += stored.length
      count.there += good.length - stored.length
    }
  }

  const deviceOf = (row: Row) => ({
    pnProvider: wordIn(row, 'pn_provider'),
    pnParam: wordIn(row, 'pn_param'),
    pnPrid: wordIn(row, 'pn_prid'),
  })
  const ownerOf = (row: Row): number | null => ids.get(numberIn(row, 'account_id'))?.id ?? null

  const creation = (tx: Tx, table: string) =>
    loose(table, config.APP_ACCOUNT_CREATION_TOKEN_EXPIRATION_MINUTES, (rows) =>
      store.creation(
        tx,
        rows.map(({ row, text }) => {
          return { ...columnsOf(row, text), ...deviceOf(row), spaceId: null, accountId: ownerOf(row) }
        }),
      ),
    )

  const others = async (tx: Tx): Promise<void> => {
    await creation(tx, 'tokens')
    await creation(tx, 'account_creation_tokens')
    const wanted = config.APP_ACCOUNT_CREATION_REQUEST_TOKEN_EXPIRATION_MINUTES
    await loose('account_creation_request_tokens', wanted, (rows) =>
      store.requests(
        tx,
        rows.map(({ row, text }) => {
          const validatedAt = instantIn(row, 'validated_at')
          return { ...columnsOf(row, text), spaceId: null, validatedAt, accCreationTokenId: null }
        }),
      ),
    )
    await loose('account_recovery_tokens', config.APP_ACCOUNT_RECOVERY_TOKEN_EXPIRATION_MINUTES, (rows) =>
      store.recovery(
        tx,
        rows.map(({ row, text }) => {
          const { pnProvider, pnParam, pnPrid } = deviceOf(row)
          const device = { pnProvider: pnProvider ?? '', pnParam: pnParam ?? '', pnPrid: pnPrid ?? '' }
          return { ...columnsOf(row, text), ...device, spaceId: null, accountId: ownerOf(row) }
        }),
      ),
    )
    await loose('auth_tokens', AUTH_TOKEN_MINUTES, (rows) =>
      store.auth(
        tx,
        rows.map(({ row, text }) => {
          const { used: _, ...columns } = columnsOf(row, text)
          return { ...columns, spaceId: null, accountId: ownerOf(row) }
        }),
      ),
    )
  }

  const wizards = (tx: Tx): Promise<void> => {
    const minutes = config.WIZARD_LINK_EXPIRATION_MINUTES
    const write = (rows: readonly { row: Row; text: string }[]) =>
      store.wizards(
        tx,
        rows.flatMap(({ row, text }) => {
          const [maker, guest] = [ownerOf(row), ids.get(numberIn(row, 'provisioning_account_id'))?.id ?? null]
          if (maker === null) return []
          const { createdAt, updatedAt } = stampsIn(row, now)
          return {
            token: secrets.hash(text),
            spaceId: null,
            accountId: maker,
            provisioningAccountId: guest,
            sip: wordIn(row, 'sip'),
            linphoneAction: ACTIONS.find((known) => known === row.linphone_action) ?? null,
            linphoneUseSips: row.linphone_use_sips === null ? null : flagIn(row, 'linphone_use_sips', false),
            usedAt: null,
            expiresAt: minutes === null ? null : new Date(createdAt.getTime() + minutes * MINUTE_MS),
            createdAt,
            updatedAt,
          }
        }),
      )
    return loose('wizards', minutes, write, 'token')
  }

  /** Of which a browser's form at the old server has the other half. */
  const recoveryCodes = async (): Promise<void> => {
    const count = report.of('recovery_codes')
    count.read = await source.count('recovery_codes')
    count.over = count.read
  }

  return {
    ofPage,
    loose: async (tx: Tx): Promise<void> => {
      await others(tx)
      await wizards(tx)
      await recoveryCodes()
    },
  }
}
