/** One entry of a section. `true` and `false` are written as `1` and `0`, `null` as an empty entry. */
export interface Entry {
  /** Letters, digits and `_ . : -`, up to 128 of them. */
  readonly name: string
  readonly value: string | number | boolean | null
  /** Replaces a value that the client has already. */
  readonly overwrite?: boolean
}

export interface Section {
  readonly name: string
  readonly entries: readonly Entry[]
}

export interface Account {
  readonly id: number
  readonly username: string
  readonly domain: string
  readonly email: string | null
  /** E.164. */
  readonly phone: string | null
  readonly displayName: string | null
  readonly activated: boolean
  readonly blocked: boolean
  readonly admin: boolean
  readonly dictionary: Readonly<Record<string, string>>
}

export interface Space {
  readonly domain: string
  readonly host: string
  readonly name: string
}

export interface Request {
  readonly path: string
  /** Only what `HOOKS_QUERY_PARAMS` names: anybody can write anything into an address. */
  readonly query: Readonly<Record<string, string>>
  readonly userAgent: string | null
  readonly address: string
}

export interface Provisioning {
  readonly request: Request
  /** The Space of the account, or of the host when there is no account. */
  readonly space: Space
  /** `null`: the base document. */
  readonly account: Account | null
}

export interface AccountEvent {
  readonly account: Account
  readonly space: Space
  readonly request: Request
}

type MaybePromise<Value> = Value | Promise<Value>

/** What a hooks file exports by default; every member may be left out. */
export interface Hooks {
  readonly provisioning?: {
    /** Entries for `proxy_0`. */
    readonly proxy?: (context: Provisioning & { readonly account: Account }) => MaybePromise<readonly Entry[]>
    /** Entries for the `auth_info` of each password. */
    readonly auth?: (
      context: Provisioning & { readonly account: Account; readonly algorithm: 'MD5' | 'SHA-256' },
    ) => MaybePromise<readonly Entry[]>
    /** Sections after all others. */
    readonly sections?: (context: Provisioning) => MaybePromise<readonly Section[]>
  }
  /**
   * After the change is stored; nobody waits for them. One that throws is called again, and any may be called twice.
   */
  readonly account?: {
    readonly created?: (event: AccountEvent) => MaybePromise<void>
    readonly updated?: (event: AccountEvent) => MaybePromise<void>
    readonly deleted?: (event: AccountEvent) => MaybePromise<void>
  }
}
