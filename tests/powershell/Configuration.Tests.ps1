# Where the configuration comes from: the call's parameters, then the session's $env:, read at each call and never written.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $addresses = Start-Simulator
    $other = ConvertTo-Secret 'another-key'
}
AfterAll { Stop-Simulator }

Describe 'The session''s environment' {
    BeforeEach { Reset-Configuration }

    It 'is read at each call' {
        Reset-JcSdkSystemUserMfa -Id ok-1
        $env:JCApiKey = 'wrong-key'
        (Invoke-Form 'R -Id ok-2').Errors.FullyQualifiedErrorId | Should -Match '^Auth.Refused'
        $env:JCApiKey = 'simulator-key'
        $env:JCOrgId = 'org-1'
        Reset-JcSdkSystemUserMfa -Id ok-3
        (Get-Arrived).headers.'x-api-key' | Should -Be 'simulator-key', 'wrong-key', 'simulator-key'
        (Get-Arrived)[2].headers.'x-org-id' | Should -Be 'org-1'
    }

    It 'is never changed' {
        $before = [Environment]::GetEnvironmentVariables()
        $null = Invoke-Form 'R -Id ok-1 -OrgId org-2 -TimeoutSec 5; "ok-2" | R -ApiKey (ConvertTo-Secret wrong-key)'
        $after = [Environment]::GetEnvironmentVariables()
        foreach ($name in @($before.Keys) + @($after.Keys)) { $after[$name] | Should -Be $before[$name] }
    }

    It 'selects the region, and JCApiUrl takes precedence over JCEnvironment: <Environment>, <Url> -> <Base>' -ForEach @(
        @{ Environment = $null; Url = $null; Base = 'https://console.jumpcloud.com/' }
        @{ Environment = 'standard'; Url = $null; Base = 'https://console.jumpcloud.com/' }
        @{ Environment = 'eu'; Url = $null; Base = 'https://console.eu.jumpcloud.com/' }
        @{ Environment = 'IN'; Url = $null; Base = 'https://console.in.jumpcloud.com/' }
        @{ Environment = 'production'; Url = $null; Base = 'https://console.jumpcloud.com/' }
        @{ Environment = 'EU'; Url = 'https://localhost:1/prefix/'; Base = 'https://localhost:1/prefix/' }
    ) {
        $env:JCEnvironment = $Environment
        $env:JCApiUrl = $Url
        # The proxy of this session leads nowhere, so that nothing can leave this machine.
        $env:HTTPS_PROXY = $addresses.closed
        (Invoke-Form 'R -Id ok-1 -MaximumRetryCount 0 -Verbose').Verbose | Should -Contain "POST ${Base}api/systemusers/ok-1/resetmfa {}"
    }

    It 'may hold "production", which an older JumpCloud module leaves there: the verbose stream says what it means' {
        $env:JCApiUrl = $null
        $env:JCEnvironment = 'production'
        $note = 'JCEnvironment is ''production'', as an older JumpCloud module leaves it; it means STANDARD.'
        (Invoke-Form '"ok-1","ok-2" | R -WhatIf -Verbose').Verbose -eq $note | Should -HaveCount 1
        (Invoke-Form 'R -Id ok-1 -WhatIf -Verbose -Environment EU').Verbose -eq $note | Should -BeNullOrEmpty
        $env:JCEnvironment = 'IN'
        (Invoke-Form 'R -Id ok-1 -WhatIf -Verbose').Verbose -eq $note | Should -BeNullOrEmpty
    }

    It 'may point to this machine over plain http, which goes through no proxy' {
        $env:JCApiUrl = $addresses.http
        $env:HTTPS_PROXY = $addresses.proxyRefuses
        Reset-JcSdkSystemUserMfa -Id ok-1
        (Get-Arrived).listener | Should -Be 'http'
    }

    It 'may name a proxy, and hosts that are reached without it' {
        $env:HTTPS_PROXY = $addresses.proxy
        Reset-JcSdkSystemUserMfa -Id ok-1
        (Get-Arrived).listener | Should -Be 'proxy', 'https'
        Clear-Arrived
        $env:NO_PROXY = 'localhost'
        Reset-JcSdkSystemUserMfa -Id ok-1
        (Get-Arrived).listener | Should -Be 'https'
    }
}

Describe 'A parameter' {
    BeforeEach { Reset-Configuration }

    It '-ApiKey takes precedence over JCApiKey, for this call only' {
        (Invoke-Form 'R -Id ok-1 -ApiKey (ConvertTo-Secret another-key)').Errors.FullyQualifiedErrorId | Should -Match '^Auth.Refused'
        Reset-JcSdkSystemUserMfa -Id ok-1
        (Get-Arrived).headers.'x-api-key' | Should -Be 'another-key', 'simulator-key'
        $env:JCApiKey = $null
        $null = Invoke-Form 'R -Id ok-2 -ApiKey (ConvertTo-Secret simulator-key)'
        (Get-SimulatorState).byId.'ok-2' | Should -Be 1
    }

    It '-ApiKey with text is an error of the binder that does not repeat it' {
        $secret = 'plain-text-key'
        $result = Invoke-Form 'R -Id ok-1 -ApiKey ("plain-text" + "-key")'
        $result.Errors.FullyQualifiedErrorId | Should -Be 'ParameterArgumentTransformationError,Reset-JcSdkSystemUserMfa'
        $result.Errors | Format-List * -Force | Out-String -Width 4096 | Should -Not -Match $secret
        Get-Arrived | Should -BeNullOrEmpty
    }

    It '-ApiKey that cannot be sent is Key.Invalid: <_>' -ForEach '"a$([char]0)b"', '"a$([char]0xd800)b"', '"a b"' {
        (Invoke-Form "R -Id ok-1 -ApiKey (ConvertTo-Secret $_)").Errors.FullyQualifiedErrorId | Should -Be 'Key.Invalid,Reset-JcSdkSystemUserMfa'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It '-OrgId takes precedence over JCOrgId' {
        $env:JCOrgId = 'org-1'
        Reset-JcSdkSystemUserMfa -Id ok-1 -OrgId org-2
        (Get-Arrived).headers.'x-org-id' | Should -Be 'org-2'
    }

    It '-Environment takes precedence over JCApiUrl' {
        $env:HTTPS_PROXY = $addresses.closed
        (Invoke-Form 'R -Id ok-1 -Environment eu -MaximumRetryCount 0 -Verbose').Verbose | Should -Contain 'POST https://console.eu.jumpcloud.com/api/systemusers/ok-1/resetmfa {}'
    }

    It '-Proxy takes precedence over HTTPS_PROXY' {
        $env:HTTPS_PROXY = $addresses.closed
        $null = Invoke-Form "R -Id ok-1 -Proxy $($addresses.proxy)"
        (Get-Arrived).listener | Should -Be 'proxy', 'https'
    }

    It '-ProxyCredential is the login for the proxy' {
        (Invoke-Form "R -Id ok-1 -Proxy $($addresses.proxyAuth)").Errors.FullyQualifiedErrorId | Should -Match '^Proxy.Refused'
        $credential = [pscredential]::new('proxy-user', (ConvertTo-Secret 'proxy-pass-s3cret'))
        Reset-JcSdkSystemUserMfa -Id ok-1 -Proxy $addresses.proxyAuth -ProxyCredential $credential
        (Get-SimulatorState).byId.'ok-1' | Should -Be 1
    }

    It '-TimeoutSec bounds the whole call: unknown, not an endless wait' {
        Set-Fault ok-1 '[{"never":true}]'
        (Invoke-Form 'R -Id ok-1 -TimeoutSec 1').Errors.FullyQualifiedErrorId | Should -Match '^Answer.TimedOut'
    }

    It '-MaximumRetryCount 0 sends once' {
        Set-Fault ok-1 '{"steps":[{"status":429,"headers":{"retry-after":"0"}}],"repeat":true}'
        $null = Invoke-Form 'R -Id ok-1 -MaximumRetryCount 0'
        @(Get-Arrived).Count | Should -Be 1
    }
}

Describe 'The connection' {
    BeforeEach { Reset-Configuration }

    It 'is one for many calls of the same configuration' {
        Reset-JcSdkSystemUserMfa -Id ok-1
        $before = (Get-SimulatorState).connections.https
        1..20 | ForEach-Object { Reset-JcSdkSystemUserMfa -Id "ok-$_" }
        1..20 | ForEach-Object { "ok-$_" } | Reset-JcSdkSystemUserMfa
        (Get-SimulatorState).connections.https | Should -Be $before
    }

    It 'sends the right organization for each of several runspaces' {
        $module = Get-ModulePath
        $shells = foreach ($n in 1..4) {
            $shell = [powershell]::Create()
            $null = $shell.AddScript('param($module, $n) Import-Module "$module/JumpCloudApiSdkV1.psd1"; 1..10 | ForEach-Object { Reset-JcSdkSystemUserMfa -Id "ok-$n" -OrgId "org-$n" }').AddArgument($module).AddArgument($n)
            @{ Shell = $shell; Task = $shell.BeginInvoke() }
        }
        foreach ($one in $shells) {
            $null = $one.Shell.EndInvoke($one.Task)
            $one.Shell.Streams.Error | Should -BeNullOrEmpty
            $one.Shell.Dispose()
        }
        $arrived = Get-Arrived
        $arrived.Count | Should -Be 40
        $arrived | ForEach-Object { $_.headers.'x-org-id' | Should -Be ($_.id -replace 'ok', 'org') }
    }
}
