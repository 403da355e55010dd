# What `cargo xtask demo` shows: each way to call the command, as typed, with what it prints.
param([string]$Module)

Set-StrictMode -Version Latest

$calls = @'
Reset-JcSdkSystemUserMfa -Id ok-1
Reset-JcSdkSystemUserMfa -Id ok-2 -Exclusion -ExclusionUntil 2030-01-02T03:04:05Z
Reset-JcSdkSystemUserMfa -Id ok-3 -Body @{ Exclusion = $true }
Reset-JcSdkSystemUserMfa -InputObject @{ Id = 'ok-4' }
'ok-5', @{ Id = 'ok-6' } | Reset-JcSdkSystemUserMfa -Exclusion
@{ Exclusion = $true } | Reset-JcSdkSystemUserMfa -Id ok-7
Reset-JcSdkSystemUserMfa -Id ok-8 -PassThru
Reset-JcSdkSystemUserMfa -Id ok-9 -WhatIf
'ok-1', 'nobody', 'ok-4' | Reset-JcSdkSystemUserMfa -Detailed
'@ -split "`r?`n"

foreach ($call in @("Import-Module '$Module'") + $calls) {
    "`nPS> $call"
    # Errors go the same way, and so stand where they belong.
    . ([scriptblock]::Create($call)) 2>&1 | Out-Default
}
