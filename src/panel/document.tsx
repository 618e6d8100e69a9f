import type { ComponentChildren } from 'preact'
import { render } from 'preact-render-to-string'
import type { Language } from '../messages/messages.ts'

interface Document {
  readonly language: Language
  readonly title: string
  /** Addresses of the icon and of what is loaded. */
  readonly icon: string
  readonly stylesheets?: readonly string[]
  readonly scripts?: readonly string[]
  /** Rules of its own, where nothing can be loaded. */
  readonly style?: string
  /** Without scripts, it is loaded again after so long. */
  readonly lookAgainSeconds?: number | undefined
  readonly body: string
  readonly children: ComponentChildren
}

/**
 * Small enhancements run without `eval` and without styles of their own, swap what has no scripts, speak to us alone, and
 * leave nothing of a page in the browser's storage.
 */
const HTMX = JSON.stringify({
  allowEval: false,
  includeIndicatorStyles: false,
  allowScriptTags: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
})

/** Every page of ours as text: what browsers need to know before they draw it, and its body. */
export const htmlDocument = (document: Document): string => {
  const { language, title, icon, stylesheets = [], scripts = [], style, lookAgainSeconds, body, children } = document
  const html = (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        {scripts.some((script) => script.endsWith('-htmx.js')) ? <meta name="htmx-config" content={HTMX} /> : null}
        {lookAgainSeconds === undefined ? null : (
          <noscript>
            <meta http-equiv="refresh" content={String(lookAgainSeconds)} />
          </noscript>
        )}
        <title>{title}</title>
        <link rel="icon" href={icon} />
        {stylesheets.map((address) => (
          <link rel="stylesheet" href={address} />
        ))}
        {style === undefined ? null : <style dangerouslySetInnerHTML={{ __html: style }} />}
        {scripts.map((address) => (
          <script type="module" src={address} />
        ))}
      </head>
      <body class={body}>{children}</body>
    </html>
  )
  return `<!doctype html>${render(html)}`
}
