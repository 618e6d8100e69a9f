import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { type MessageId, type MessageValues, translate } from '../../src/messages/messages.ts'
import { barriers, browser, overflows, stopScripts } from './browser.ts'
import { postgresUrl } from './database.ts'
import { hasProgram, type Installation, installation, prepared, type Running, serve } from './executable.ts'
import { freePort } from './postgres.ts'
import { untranslated } from './untranslated.ts'

/** In which language, how wide, and whether scripts run. */
export interface Look {
  readonly language: 'en' | 'fr'
  readonly width: 390 | 1280
  readonly scripts: boolean
  /** Short, and fit for user names and file names: `fr-390-plain`. */
  readonly name: string
}

const ALL: readonly Look[] = (['en', 'fr'] as const).flatMap((language) =>
  ([1280, 390] as const).flatMap((width) =>
    [true, false].map((scripts) => ({
      ...{ language, width, scripts },
      name: `${language}-${width}-${scripts ? 'scripts' : 'plain'}`,
    })),
  ),
)

/** With these four any two of language, width and scripts meet each other. */
const PAIRS = ['en-1280-scripts', 'en-390-plain', 'fr-390-scripts', 'fr-1280-plain']
/** Pages are the same on both databases: on PostgreSQL what has everything once is enough. */
const ONCE = ['en-1280-scripts', 'fr-390-plain']

/** All eight with `LOOKS=all`. */
export const LOOKS =
  process.env.LOOKS === 'all' ? ALL : ALL.filter(({ name }) => (postgresUrl === null ? PAIRS : ONCE).includes(name))

/** A page that has not come by then does not come. */
const WAITS_MS = 15_000

/** The administrator of a stage. */
const ADMIN = 'admin'

const titleOf = ({ language, width, scripts }: Look): string =>
  `${language === 'en' ? 'in English' : 'in French'}, ${width} px wide, ${scripts ? 'with' : 'without'} scripts`

export interface Stage {
  readonly place: Installation
  readonly running: Running
  readonly admin: { readonly password: string; readonly api_key: string }
  /** Asks the API as the administrator: what it answers, which is never a refusal. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  api(method: string, path: string, body?: unknown): Promise<any>
}

/** Somebody on their way through the panel. */
export interface Walker extends Stage {
  readonly page: Page
  readonly look: Look
  /** A text of ours, in the language of whoever looks. */
  t(id: MessageId, values?: MessageValues): string
  /** Goes to a path of ours. */
  open(path: string): Promise<unknown>
  /** Fills these fields in, by their names, and sends the first form of the page. */
  send(fields?: Readonly<Record<string, string>>): Promise<void>
  /** As the administrator of the stage, unless somebody else is named. */
  signIn(username?: string, password?: string): Promise<void>
  /** What a phone reads that is held before the screen. Needs `zbarimg`. */
  scan(code: Locator): Promise<string>
  /** The page says this. */
  reads(text: string): Promise<void>
  /**
   * The page is sound: nobody is kept out of it (axe), it is not wider than its window, and nothing of it is in another
   * language. Leaves a picture of it.
   */
  sees(what: string): Promise<void>
}

interface Surroundings<Own> {
  readonly settings: Record<string, string>
  readonly own: Own
  end(): Promise<unknown>
}

interface Journey<Own> {
  /** Programs of the system beside Chromium. */
  readonly needs?: readonly string[]
  readonly settings?: Record<string, string>
  /** Servers that ours talks to: what it must know of them, and what the walk does. */
  readonly around?: () => Promise<Surroundings<Own>>
  /** Every look begins on a machine of its own, where nothing was ever done. */
  readonly alone?: boolean
  /** What is there before anybody comes. */
  readonly before?: (stage: Stage, own: Own) => Promise<void>
  readonly walk: (walker: Walker, own: Own) => Promise<void>
}

const PASSWORD = 'correct-horse'

const stageOf = (place: Installation, running: Running, admin: Stage['admin']): Stage => ({
  place,
  running,
  admin,
  api: async (method, path, body) => {
    const headers = { 'x-api-key': admin.api_key, 'content-type': 'application/json' }
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const reply = await fetch(`${running.base}/api${path}`, { method, headers, ...content })
    const text = await reply.text()
    expect([method, path, reply.ok, text]).toEqual([method, path, true, text])
    return text === '' ? null : JSON.parse(text)
  },
})

const preparedStage = async (settings: Record<string, string>): Promise<Stage> => {
  const place = await prepared(settings)
  return stageOf(place, await serve(place), { password: PASSWORD, api_key: place.admin.api_key })
}

/** Nothing was set up: what the administrator knows is what the first start printed. */
const emptyStage = async (settings: Record<string, string>): Promise<Stage> => {
  const place = await installation({ LISTEN: `127.0.0.1:${await freePort()}`, ...settings })
  const running = await serve(place)
  const printed = (label: string) => new RegExp(`${label} +(\\S+)`).exec(running.output())?.[1] ?? ''
  return stageOf(place, running, { password: printed('Password'), api_key: printed('API key') })
}

const leave = async ({ running, place }: Stage): Promise<void> => {
  await running.stop()
  await place.remove()
}

const walkerOf = (stage: Stage, page: Page, look: Look, shoot: (name: string) => Promise<unknown>): Walker => {
  const open = (path: string) => page.goto(stage.running.base + path)
  const send: Walker['send'] = async (fields = {}) => {
    for (const [name, text] of Object.entries(fields)) await page.fill(`main [name="${name}"]`, text)
    await page.click('main form button[type=submit]')
  }
  return {
    ...stage,
    page,
    look,
    open,
    send,
    t: (id, values) => translate(look.language, values === undefined ? { id } : { id, values }),
    signIn: async (username = ADMIN, password = stage.admin.password) => {
      await open('/login')
      await send({ username, password })
    },
    scan: async (code) => {
      const file = join(stage.place.folder, `${look.name}.png`)
      writeFileSync(file, await code.screenshot())
      return (await Bun.$`zbarimg --quiet --raw -Sdisable -Sqrcode.enable ${file}`.text()).trim()
    },
    reads: async (text) => expect(await page.textContent('main')).toContain(text),
    sees: async (what) => {
      await shoot(what)
      const found = {
        barriers: await barriers(page),
        overflows: await overflows(page),
        untranslated: await untranslated(page, look.language, [ADMIN]),
      }
      expect([what, found]).toEqual([what, { barriers: [], overflows: false, untranslated: [] }])
    },
  }
}

/**
 * A way through the panel from its first page to its last, in real Chromium on the compiled executable: once in each
 * language, on a phone and on a desk, with scripts and without. One server and one browser are enough for all, so that what
 * a walk makes has the name of its look in it. `TEST_ARTEFACTS=/tmp/look` leaves pictures.
 */
export const journey = <Own = undefined>(title: string, wanted: Journey<Own>): void => {
  const isPossible = ['chromium', ...(wanted.needs ?? [])].every(hasProgram)
  describe.skipIf(!isPossible)(title, () => {
    let chrome: Awaited<ReturnType<typeof browser>>
    let around: Surroundings<Own> | null = null
    let shared: Stage | null = null

    const begin = async (): Promise<Stage> => {
      const stage = await (wanted.alone === true ? emptyStage : preparedStage)({
        ...wanted.settings,
        ...around?.settings,
      })
      await wanted.before?.(stage, around?.own as Own)
      return stage
    }

    beforeAll(async () => {
      around = (await wanted.around?.()) ?? null
      if (wanted.alone !== true) shared = await begin()
      chrome = await browser()
    }, 60_000)
    afterAll(async () => {
      await chrome.close()
      if (shared !== null) await leave(shared)
      await around?.end()
    })

    for (const look of LOOKS) {
      test(titleOf(look), async () => {
        const stage = shared ?? (await begin())
        const page = await chrome.open({
          javaScriptEnabled: true,
          locale: look.language === 'en' ? 'en-GB' : 'fr-FR',
          viewport: { width: look.width, height: look.width === 390 ? 844 : 900 },
          // Half of them by night, each language and each width among them.
          colorScheme: (look.language === 'en') === look.scripts ? 'light' : 'dark',
        })
        page.setDefaultTimeout(WAITS_MS)
        if (!look.scripts) await stopScripts(page)
        const shoot = (what: string) => chrome.shoot(page, `${title.replace(/\W+/g, '-')}-${what}-${look.name}`)
        await wanted.walk(walkerOf(stage, page, look, shoot), around?.own as Own)
        await page.context().close()
        if (stage !== shared) await leave(stage)
        // What the browser complained of, among it whatever broke the Content-Security-Policy.
        expect(chrome.complaints).toEqual([])
      }, 60_000)
    }
  })
}
