import type { Config } from '../config/config.ts'
import { AppError } from '../errors.ts'
import type { Logging } from '../logging/logging.ts'
import { entriesOf, HookError, readHooksFile, sectionsOf, type TextEntry, type TextSection } from './hooks-file.ts'
import type { Account, AccountEvent, Hooks as HooksObject, Provisioning, Request, Space } from './types.ts'

/** A phone waits for its document. */
const PROVISIONING_LIMIT_MS = 2000
/** Nobody waits for what an account hook does, but others do for their turn. */
const ACCOUNT_LIMIT_MS = 30_000

/** What the hooks add to a document. */
export interface Additions {
  readonly proxy: readonly TextEntry[]
  readonly auth: Readonly<Record<'MD5' | 'SHA-256', readonly TextEntry[]>>
  readonly sections: readonly TextSection[]
}

const NOTHING: Additions = { proxy: [], auth: { MD5: [], 'SHA-256': [] }, sections: [] }

/** Whatever a store knows about an account: hooks get this much of it. */
export const accountFor = (account: Account): Account => {
  const { id, username, domain, email, phone, displayName, activated, blocked, admin, dictionary } = account
  return { id, username, domain, email, phone, displayName, activated, blocked, admin, dictionary: { ...dictionary } }
}

export const spaceFor = ({ domain, host, name }: Space): Space => ({ domain, host, name })

export type AccountEventName = 'created' | 'updated' | 'deleted'

const within = async <Value>(limitMs: number, work: () => Value | Promise<Value>): Promise<Value> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HookError(`it took more than ${limitMs} ms`)), limitMs)
  })
  try {
    return await Promise.race([Promise.resolve().then(work), late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The operator's own code (docs/hooks.md): it gets values, never stores, and what it throws is logged. A document is
 * served without what failed, or with `HOOKS_STRICT` not at all (503).
 */
export const hooks = (deps: { config: Config; log: Logging }) => {
  const { config, log } = deps
  const file = config.HOOKS_FILE
  let current: HooksObject = {}

  const attempt = async <Value>(name: string, fallback: Value, work: () => Value | Promise<Value>): Promise<Value> => {
    try {
      return await within(PROVISIONING_LIMIT_MS, work)
    } catch (error) {
      log.app.error('a hook failed', { hook: name, error })
      if (config.HOOKS_STRICT) throw new AppError('unavailable', 'hooks.failed', { cause: error })
      return fallback
    }
  }

  const forAccount = async (context: Provisioning & { account: Account }): Promise<Omit<Additions, 'sections'>> => {
    const { proxy, auth } = current.provisioning ?? {}
    const ofAlgorithm = (algorithm: 'MD5' | 'SHA-256') =>
      auth === undefined
        ? []
        : attempt('provisioning.auth', [], async () => entriesOf(await auth({ ...context, algorithm })))
    const [entries, md5, sha256] = await Promise.all([
      proxy === undefined ? [] : attempt('provisioning.proxy', [], async () => entriesOf(await proxy(context))),
      ofAlgorithm('MD5'),
      ofAlgorithm('SHA-256'),
    ])
    return { proxy: entries, auth: { MD5: md5, 'SHA-256': sha256 } }
  }

  const allowed = (query: Readonly<Record<string, unknown>>): Record<string, string> =>
    Object.fromEntries(
      config.HOOKS_QUERY_PARAMS.flatMap((name) => {
        const value = Object.hasOwn(query, name) ? query[name] : undefined
        return typeof value === 'string' ? [[name, value] as const] : []
      }),
    )

  return {
    /** Reads `HOOKS_FILE`, at the start and on SIGHUP. @throws ConfigurationError, and what was there stays */
    load: async (): Promise<void> => {
      if (file !== null) current = await readHooksFile(file)
    },
    /** False: nobody needs to collect what `provisioning` would be handed. */
    hasProvisioning: (): boolean => current.provisioning !== undefined,
    hasAccountEvent: (name: AccountEventName): boolean => current.account?.[name] !== undefined,
    /** What hooks are told of the request. */
    requestFor: (visit: {
      readonly path: string
      readonly address: string
      readonly userAgent: string | null
      readonly input: Readonly<Record<string, unknown>>
    }): Request => ({
      path: visit.path,
      query: allowed(visit.input),
      userAgent: visit.userAgent,
      address: visit.address,
    }),
    /** Query parameters that hooks may see. */
    allowed,
    /** Call it outside of any transaction: hooks may be slow. */
    provisioning: async (context: Provisioning): Promise<Additions> => {
      const { sections } = current.provisioning ?? {}
      const { account } = context
      const [ofAccount, added] = await Promise.all([
        account === null ? NOTHING : forAccount({ ...context, account }),
        sections === undefined
          ? []
          : attempt('provisioning.sections', [], async () => sectionsOf(await sections(context))),
      ])
      return { ...ofAccount, sections: added }
    },
    /** Rejects when the hook does, or takes too long: it is called again later. Not inside a transaction. */
    callAccountHook: async (name: AccountEventName, event: AccountEvent): Promise<void> => {
      // Another process may have the file.
      if (file === null) throw new HookError('HOOKS_FILE is not set')
      const hook = current.account?.[name]
      if (hook === undefined) return
      try {
        await within(ACCOUNT_LIMIT_MS, () => hook(event))
      } catch (error) {
        log.app.error('a hook failed', { hook: `account.${name}`, error })
        throw error
      }
    },
  }
}

export type Hooks = ReturnType<typeof hooks>
