# Prints milliseconds: the first call, the second, and a thousand piped users.
param([string]$Path)

$ErrorActionPreference = 'Stop'

Import-Module $Path
$clock = [Diagnostics.Stopwatch]::StartNew()
Reset-JcSdkSystemUserMfa -Id ok-1
$clock.Elapsed.TotalMilliseconds
$clock.Restart()
Reset-JcSdkSystemUserMfa -Id ok-1
$clock.Elapsed.TotalMilliseconds

$users = 1..1000 | ForEach-Object { "ok-$_" }
$users | Reset-JcSdkSystemUserMfa
$clock.Restart()
$users | Reset-JcSdkSystemUserMfa
$clock.Elapsed.TotalMilliseconds
