// node-x12: the object model of a whole file (X12Parser, strict) and its JSON. It checks the envelope only.
// The same command line and answer as tests/bench/timing.py.
'use strict'
const fs = require('fs')
const { X12Parser } = require(require.resolve('node-x12', { paths: [process.cwd()] }))

function parse (path) {
  const interchange = new X12Parser(true).parse(fs.readFileSync(path, 'ascii'))
  const sets = interchange.functionalGroups.flatMap(group => group.transactions)
  const claims = sets.flatMap(set => set.segments).filter(segment => /^CL[MP]$/.test(segment.tag)).length
  return { claims, characters: JSON.stringify(interchange.toJSON()).length }
}

function readMegabytes (name) {
  const line = fs.readFileSync('/proc/self/status', 'ascii').split('\n').find(text => text.startsWith(name + ':'))
  return parseInt(line.split(/\s+/)[1]) / 1024
}

function timeOnce (path) {
  fs.writeFileSync('/proc/self/clear_refs', '5')
  const before = readMegabytes('VmRSS')
  const begun = process.cpuUsage()
  const found = parse(path)
  const spent = process.cpuUsage(begun)
  return { seconds: (spent.user + spent.system) / 1e6, megabytes: readMegabytes('VmHWM') - before, found }
}

const [, , , path, small, times] = process.argv
parse(small)
const runs = Array.from({ length: Number(times) }, () => timeOnce(path))
const best = Math.min(...runs.map(one => one.seconds))
console.log(JSON.stringify({ seconds: best, megabytes: runs[0].megabytes, found: runs[0].found }))
