import { expect, test } from 'bun:test'
import { browserName, phoneSystem } from '../../src/panel/browser-name.ts'

const MOZILLA = 'Mozilla/5.0'
const KHTML = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const IPHONE = '(iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'

test('a browser is named as people know it, with its system', () => {
  const names = {
    'Firefox 143, Linux': `${MOZILLA} (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0`,
    'Chrome 156, Windows': `${MOZILLA} (Windows NT 10.0; Win64; x64) ${KHTML} Chrome/156.0.0.0 Safari/537.36`,
    'Edge 156, Windows': `${MOZILLA} (Windows NT 10.0) ${KHTML} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0`,
    'Chrome 156, Android': `${MOZILLA} (Linux; Android 10; K) ${KHTML} Chrome/156.0.0.0 Mobile Safari/537.36`,
    'Safari 19, iOS': `${MOZILLA} ${IPHONE} Version/19.0 Mobile/15E148 Safari/604.1`,
    'Safari 19, macOS': `${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) ${KHTML} Version/19.0 Safari/605.1.15`,
  }
  for (const [name, userAgent] of Object.entries(names)) expect(browserName(userAgent)).toBe(name)
})

test('what is no browser keeps its own name', () => {
  expect(browserName('curl/8.5.0')).toBe('curl/8.5.0')
  expect(browserName('')).toBe('')
})

test('a phone says whose it is, a computer and a program nothing', () => {
  expect(phoneSystem(`${MOZILLA} (Linux; Android 10; K) ${KHTML} Chrome/156.0.0.0 Mobile Safari/537.36`)).toBe(
    'android',
  )
  expect(phoneSystem(`${MOZILLA} ${IPHONE} Version/19.0 Mobile/15E148 Safari/604.1`)).toBe('ios')
  for (const other of [
    `${MOZILLA} (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0`,
    'curl/8.5.0',
    '',
    null,
  ]) {
    expect(phoneSystem(other)).toBeNull()
  }
})
