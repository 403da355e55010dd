# The proxy that the system is set to use. On Linux the module does not ask for it by itself, so that it is switched on here.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'What BeforeAll sets, It reads.')]
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'It changes what belongs to the test.')]
param()

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $addresses = Start-Simulator
    # As .NET's own for Windows and macOS, which name no proxy for what is reached without one.
    Add-Type -TypeDefinition @'
using System;
using System.Net;
using System.Threading;

public sealed class SystemProxyForTests : IWebProxy
{
    public Uri Proxy;
    public bool NamesAddress;
    public string Failure;
    public int DelayMs, Asked;
    public Uri Address;

    public ICredentials Credentials { get; set; }

    public bool IsBypassed(Uri address) { return address.Scheme != "https"; }

    public Uri GetProxy(Uri address)
    {
        Asked++;
        Address = address;
        Thread.Sleep(DelayMs);
        if (Failure != null) throw new InvalidOperationException(Failure);
        return NamesAddress ? address : Proxy;
    }
}
'@
    $asker = [JumpCloudApiSdkV1.Interop.ResetRun].Assembly.GetType('JumpCloudApiSdkV1.Interop.SystemProxy')
    $hidden = [Reflection.BindingFlags]'NonPublic,Static'
    $wasAsked = $asker.GetProperty('IsAsked', $hidden).GetValue($null)
    $before = [Net.Http.HttpClient]::DefaultProxy
    $used = 'The system''s proxy is used, because neither -Proxy nor a variable names one: '

    function Set-SystemProxy([hashtable]$Property, [int]$PatienceMs = 10000) {
        $script:system = [SystemProxyForTests]$Property
        [Net.Http.HttpClient]::DefaultProxy = $script:system
        $asker.GetProperty('IsAsked', $hidden).SetValue($null, $true)
        $asker.GetProperty('PatienceMs', $hidden).SetValue($null, $PatienceMs)
        # As if a minute had passed.
        $asker.GetField('Questions', $hidden).GetValue($null).Clear()
    }
}
AfterAll {
    [Net.Http.HttpClient]::DefaultProxy = $before
    $asker.GetProperty('IsAsked', $hidden).SetValue($null, $wasAsked)
    $asker.GetProperty('PatienceMs', $hidden).SetValue($null, 10000)
    Stop-Simulator
}

Describe 'The system''s proxy' {
    BeforeEach {
        Reset-Configuration
        # A client of each test's own.
        $env:JCOrgId = "org-$([guid]::NewGuid())"
    }

    It 'is asked for on Windows and macOS only' {
        $wasAsked | Should -Be ($IsWindows -or $IsMacOS)
    }

    It 'is used where nothing else names one, asked for once with the API''s address, and told in the verbose stream' {
        Set-SystemProxy @{ Proxy = $addresses.proxy }
        $first = Invoke-Form 'R -Id ok-1 -Verbose'
        $first.Errors | Should -BeNullOrEmpty
        $first.Verbose -eq "$used$($addresses.proxy)" | Should -HaveCount 1
        $second = Invoke-Form '"ok-2", "ok-3" | R -Verbose'
        $second.Verbose -eq "$used$($addresses.proxy)" | Should -HaveCount 1
        (Get-Arrived).listener | Should -Be 'proxy', 'https', 'https', 'https'
        $system.Asked | Should -Be 1
        $system.Address | Should -Be "$($addresses.https)/"
    }

    It 'follows the region' {
        Set-SystemProxy @{ Proxy = $addresses.closed }
        $null = Invoke-Form 'R -Id ok-1 -Environment EU -MaximumRetryCount 0'
        $system.Address | Should -Be 'https://console.eu.jumpcloud.com/'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'gets the login of -ProxyCredential, and shows none of its own' {
        $login = 'proxy-user:proxy-pass-s3cret@'
        Set-SystemProxy @{ Proxy = $addresses.proxyAuth }
        $credential = [pscredential]::new('proxy-user', (ConvertTo-Secret 'proxy-pass-s3cret'))
        Reset-JcSdkSystemUserMfa -Id ok-1 -ProxyCredential $credential
        Set-SystemProxy @{ Proxy = $addresses.proxyAuth -replace '//', "//$login" }
        $result = Invoke-Form 'R -Id ok-2 -Verbose'
        $result.Verbose | Should -Contain "$used$($addresses.proxyAuth)"
        $result.Verbose -match 's3cret' | Should -BeNullOrEmpty
        (Get-SimulatorState).byId.'ok-1', (Get-SimulatorState).byId.'ok-2' | Should -Be 1, 1
    }

    It 'is not asked for where there is another answer: <Name>' -ForEach @(
        @{ Name = '-Proxy'; Setting = ''; Argument = '-Proxy $addresses.proxy'; Listener = 'proxy', 'https' }
        @{ Name = 'HTTPS_PROXY'; Setting = '$env:HTTPS_PROXY = $addresses.proxy'; Argument = ''; Listener = 'proxy', 'https' }
        @{ Name = 'all_proxy, after one that is empty'; Setting = '$env:HTTPS_PROXY = ""; $env:all_proxy = $addresses.proxy'; Argument = ''; Listener = 'proxy', 'https' }
        @{ Name = 'NO_PROXY'; Setting = '$env:NO_PROXY = "localhost"'; Argument = ''; Listener = 'https' }
        @{ Name = 'http on this computer'; Setting = '$env:JCApiUrl = $addresses.http'; Argument = ''; Listener = 'http' }
        @{ Name = 'no key'; Setting = '$env:JCApiKey = ""'; Argument = ''; Listener = @() }
    ) {
        Set-SystemProxy @{ Proxy = $addresses.closed }
        . ([scriptblock]::Create($Setting))
        $result = Invoke-Form "R -Id ok-1 -Verbose $Argument"
        "$(Get-Arrived | ForEach-Object listener)" | Should -Be "$Listener"
        $result.Verbose -match 'system''s proxy' | Should -BeNullOrEmpty
        $system.Asked | Should -Be 0
    }

    It 'is asked for where a variable is empty' {
        Set-SystemProxy @{ Proxy = $addresses.proxy }
        [Environment]::SetEnvironmentVariable('HTTPS_PROXY', '')
        Reset-JcSdkSystemUserMfa -Id ok-1
        (Get-Arrived).listener | Should -Be 'proxy', 'https'
    }

    It 'is none where the system reaches the address without one: <Name>' -ForEach @(
        @{ Name = 'no proxy'; Property = @{} }
        @{ Name = 'the address itself'; Property = @{ NamesAddress = $true } }
    ) {
        Set-SystemProxy $Property
        $result = Invoke-Form 'R -Id ok-1 -Verbose'
        (Get-Arrived).listener | Should -Be 'https'
        $result.Verbose -match 'proxy' | Should -BeNullOrEmpty
        $system.Asked | Should -Be 1
    }

    It 'is none where a list of .NET''s own exempts the address' {
        Set-SystemProxy @{}
        [Net.Http.HttpClient]::DefaultProxy = [Net.WebProxy]::new($addresses.closed, $true, @('localhost'))
        Reset-JcSdkSystemUserMfa -Id ok-1
        (Get-Arrived).listener | Should -Be 'https'
    }

    It 'is none where its script does not answer in time; the next call does not wait for it, and then its answer counts' {
        Set-SystemProxy @{ Proxy = $addresses.proxy; DelayMs = 3000 } -PatienceMs 1000
        $message = 'The system did not say within 1 seconds which proxy leads to *, so none is used.'
        $first = Invoke-Form 'R -Id ok-1 -Verbose'
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $second = Invoke-Form 'R -Id ok-2 -Verbose'
        $clock.ElapsedMilliseconds | Should -BeLessThan 1000
        foreach ($result in $first, $second) { $result.Verbose -like $message | Should -HaveCount 1 }
        (Get-Arrived).listener | Should -Be 'https', 'https'
        $system.Asked | Should -Be 1
        Clear-Arrived
        [Threading.Thread]::Sleep(3000)
        Reset-JcSdkSystemUserMfa -Id ok-3
        (Get-Arrived).listener | Should -Be 'proxy', 'https'
    }

    It 'is none where it cannot be found, and the verbose stream says why' {
        Set-SystemProxy @{ Failure = 'no such thing' }
        $result = Invoke-Form 'R -Id ok-1 -Verbose'
        $result.Errors | Should -BeNullOrEmpty
        $result.Verbose -like '*could not say which proxy leads to *, so none is used (no such thing).' | Should -HaveCount 1
        (Get-Arrived).listener | Should -Be 'https'
    }

    It 'is named where it cannot be used' {
        Set-SystemProxy @{ Proxy = 'socks5://localhost:1' }
        (Invoke-Form 'R -Id ok-1').Errors.ErrorDetails.Message | Should -Match 'is a socks proxy.* The proxy is the one that this system is set to use'
    }

    It 'may change within a session; while it is the same, so is the connection' {
        Set-SystemProxy @{}
        Reset-JcSdkSystemUserMfa -Id ok-1
        foreach ($id in 'ok-2', 'ok-3') {
            Set-SystemProxy @{ Proxy = $addresses.proxy }
            Reset-JcSdkSystemUserMfa -Id $id
        }
        (Get-Arrived).listener | Should -Be 'https', 'proxy', 'https', 'https'
        Set-SystemProxy @{ Proxy = $addresses.closed }
        (Invoke-Form 'R -Id ok-4 -MaximumRetryCount 0').Errors.FullyQualifiedErrorId | Should -Match '^Connection.Refused'
    }

    It 'does not hold up a stop' {
        Set-SystemProxy @{ Proxy = $addresses.proxy; DelayMs = 5000 }
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1'; Reset-JcSdkSystemUserMfa -Id ok-1")
        $running = $shell.BeginInvoke()
        while ($system.Asked -eq 0) { [Threading.Thread]::Sleep(10) }
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $shell.Stop()
        $clock.ElapsedMilliseconds | Should -BeLessThan 2000
        { $shell.EndInvoke($running) } | Should -Throw
        $shell.Dispose()
        Get-Arrived | Should -BeNullOrEmpty
    }
}
