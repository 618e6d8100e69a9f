import pico from '@picocss/pico/css/pico.min.css' with { type: 'text' }
import htmx from 'htmx.org/dist/htmx.min.js' with { type: 'text' }
import apiSearch from './assets/api-search.js' with { type: 'text' }
import codeBoxes from './assets/code-boxes.js' with { type: 'text' }
import copy from './assets/copy.js' with { type: 'text' }
import countdown from './assets/countdown.js' with { type: 'text' }
import base from './assets/css/base.css' with { type: 'text' }
import buttons from './assets/css/buttons.css' with { type: 'text' }
import cards from './assets/css/cards.css' with { type: 'text' }
import charts from './assets/css/charts.css' with { type: 'text' }
import credentials from './assets/css/credentials.css' with { type: 'text' }
import docs from './assets/css/docs.css' with { type: 'text' }
import fontFaces from './assets/css/fonts.css' with { type: 'text' }
import forms from './assets/css/forms.css' with { type: 'text' }
import heads from './assets/css/heads.css' with { type: 'text' }
import lists from './assets/css/lists.css' with { type: 'text' }
import media from './assets/css/media.css' with { type: 'text' }
import notes from './assets/css/notes.css' with { type: 'text' }
import people from './assets/css/public.css' with { type: 'text' }
import shell from './assets/css/shell.css' with { type: 'text' }
import tables from './assets/css/tables.css' with { type: 'text' }
import tokens from './assets/css/tokens.css' with { type: 'text' }
import favicon from './assets/favicon.svg' with { type: 'text' }
import localTime from './assets/local-time.js' with { type: 'text' }
import logoPreview from './assets/logo-preview.js' with { type: 'text' }
import openApp from './assets/open-app.js' with { type: 'text' }
import printPage from './assets/print.js' with { type: 'text' }
import proofOfWork from './assets/proof-of-work.js' with { type: 'text' }
import { loadFonts } from './fonts.macro.ts' with { type: 'macro' }
import { hueStylesheet, USUAL_HUE } from './theme.ts'

interface Asset {
  readonly path: string
  readonly type: string
  readonly body: string | Uint8Array<ArrayBuffer>
}

/** The content hash is part of the path, so a browser may keep it for ever. */
const asset = (name: string, type: string, body: Asset['body']): Asset => ({
  path: `/assets/${Bun.hash(body).toString(36)}-${name}`,
  type,
  body,
})

const CSS = 'text/css; charset=utf-8'
const JAVASCRIPT = 'text/javascript; charset=utf-8'

/** In their order: what comes later wins where two rules are as specific, and what depends on the window comes last. */
const STYLES: readonly string[] = [
  ...[fontFaces, tokens, base, shell, heads, buttons, forms, notes, cards, tables, lists, charts],
  ...[credentials, people, docs, media],
]

/** Pico lies in a layer below, so that none of our rules needs to be more specific than one of its own. */
const stylesheet = (fonts: readonly Asset[]): string => {
  const ours = `@layer pico{${pico.replace('@charset "UTF-8";', '')}}\n${STYLES.join('\n')}`
  // Beside the stylesheet, by the name with the hash.
  return ours.replaceAll(/url\("fonts\/([^"]+)"\)/g, (_, name: string) => {
    const font = fonts.find(({ path }) => path.endsWith(`-${name}`))
    return `url("${font?.path.slice('/assets/'.length)}")`
  })
}

let known: readonly Asset[] | null = null

/** Everything that pages load: all of it from here, nothing from anybody else's server. */
const assets = (): readonly Asset[] => {
  if (known !== null) return known
  const fonts = Object.entries(loadFonts()).map(([name, bytes]) =>
    asset(name, 'font/woff2', new Uint8Array(Buffer.from(bytes, 'base64'))),
  )
  const scripts = {
    'api-search.js': apiSearch,
    'code-boxes.js': codeBoxes,
    'copy.js': copy,
    'print.js': printPage,
    'countdown.js': countdown,
    'htmx.js': htmx,
    'local-time.js': localTime,
    'logo-preview.js': logoPreview,
    'open-app.js': openApp,
    'proof-of-work.js': proofOfWork,
  }
  known = [
    ...fonts,
    asset('panel.css', CSS, stylesheet(fonts)),
    asset('favicon.svg', 'image/svg+xml', favicon),
    ...Object.entries(scripts).map(([name, source]) => asset(name, JAVASCRIPT, source)),
  ]
  return known
}

/** Where the asset of that name is served. */
export const assetPath = (name: string): string => assets().find(({ path }) => path.endsWith(`-${name}`))?.path ?? ''

const ofHue = (hue: number): Asset => asset(`hue-${hue}.css`, CSS, hueStylesheet(hue))

/** Where the colours of a Space are served. */
export const huePath = (hue: number | null): string => ofHue(hue ?? USUAL_HUE).path

/** The asset at that path; null: none of ours, or of another version. */
export const assetAt = (path: string): Asset | null => {
  const hue = /-hue-(\d{1,3})\.css$/.exec(path)?.[1]
  const found = hue === undefined ? assets().find((one) => one.path === path) : ofHue(Number(hue))
  return found?.path === path && Number(hue ?? 0) <= 360 ? found : null
}
