# A module that cannot work says why in a clear sentence. One that can works from any folder.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It, and $library by the code that damages it.')]
param()

BeforeDiscovery {
    # Wine hangs when .NET's resolver throws: there the loader is tested alone, below.
    $isWine = $IsWindows -and [bool]$env:JCSDK_WINE
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $addresses = Start-Simulator

    function Copy-Module([string]$Name) {
        $to = "$TestDrive/$Name"
        foreach ($file in [IO.Directory]::GetFiles((Get-ModulePath), '*', 'AllDirectories')) {
            $target = "$to/$([IO.Path]::GetRelativePath((Get-ModulePath), $file))"
            $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($target))
            [IO.File]::Copy($file, $target)
        }
        $to
    }
    function Get-Library([string]$Module) { [IO.Directory]::GetFiles("$Module/runtimes", '*jcsdk*', 'AllDirectories')[0] }
    # The offset in the file at which it says for which processor it is.
    function Get-MachineOffset([string]$Library) {
        if ($IsWindows) { [BitConverter]::ToInt32([IO.File]::ReadAllBytes($Library), 60) + 4 } elseif ($IsMacOS) { 4 } else { 18 }
    }
    function Get-OtherLibrary {
        $name = if ($IsWindows) { 'clrjit.dll' } elseif ($IsMacOS) { 'libSystem.Native.dylib' } else { 'libSystem.Native.so' }
        "$([IO.Path]::GetDirectoryName([object].Assembly.Location))/$name"
    }
    # In a process of its own, because a library that was loaded once stays loaded.
    function Invoke-Copy([string]$Module, [string]$Code, [string[]]$Wrapper) {
        ConvertTo-OneLine (Invoke-Shell $Code -Module $Module -Argument '-NonInteractive' -Wrapper $Wrapper).Text
    }
    # Root may read everything, unless this right is taken away.
    $asUser = if ($IsLinux -and (id -u) -eq 0) { 'setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-dac_override,-dac_read_search' } else { @() }
}
AfterAll { Stop-Simulator }

Describe 'A native library that cannot be used' {
    BeforeEach { Reset-Configuration }

    It 'is named at the first call, and help still works: <Name>' -Skip:$isWine -ForEach @(
        @{ Name = 'missing'; Damage = '[IO.File]::Delete($library)'; Sentence = 'no native library for .* does not exist' }
        @{ Name = 'text'; Damage = '[IO.File]::WriteAllText($library, "not a library " * 9)'; Sentence = 'cannot be used: it is damaged' }
        @{ Name = 'cut'; Damage = '$file = [IO.File]::OpenWrite($library); $file.SetLength($file.Length / 2); $file.Dispose()'; Sentence = 'cannot be used: it is damaged' }
        @{ Name = 'for another processor'; Damage = '$file = [IO.File]::OpenWrite($library); $file.Position = Get-MachineOffset $library; $file.WriteByte(99); $file.Dispose()'; Sentence = 'cannot be used: it is for another processor' }
        @{ Name = 'another program''s'; Damage = '[IO.File]::Delete($library); [IO.File]::Copy((Get-OtherLibrary), $library)'; Sentence = 'cannot be used: its ABI version is 0' }
    ) {
        $copy = Copy-Module "damaged $Name"
        $library = Get-Library $copy
        . ([scriptblock]::Create($Damage))
        $text = Invoke-Copy $copy 'Reset-JcSdkSystemUserMfa -Id ok-1; (Get-Command Reset-JcSdkSystemUserMfa).Name; $Error[0].FullyQualifiedErrorId; "Do: $($Error[0].ErrorDetails.RecommendedAction)"'
        $text | Should -Match $Sentence
        $text | Should -Match 'Do: Install the module again'
        $text | Should -Not -Match 'LD_DEBUG'
        $text | Should -Match 'Library\.(Missing|Unusable),Reset-JcSdkSystemUserMfa'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'is refused in the loader''s own words: <Name>' -Skip:(-not $IsLinux) -ForEach @(
        @{ Name = 'not readable'; Damage = 'chmod 000 $library'; Words = 'Access to the path ''[^'']+'' is denied' }
        @{ Name = 'in a folder that may not be entered'; Damage = 'chmod 600 ([IO.Path]::GetDirectoryName($library))'; Words = 'Access to the path ''[^'']+'' is denied' }
        @{ Name = 'needs a newer C library'; Damage = '$latin1 = [Text.Encoding]::Latin1; $text = [IO.File]::ReadAllText($library, $latin1) -replace "GLIBC_2\.\d\d(?=\0)", "GLIBC_2.99"; [IO.File]::Delete($library); [IO.File]::WriteAllText($library, $text, $latin1)'; Words = 'version `GLIBC_2\.99'' not found' }
    ) {
        $copy = Copy-Module "refused $Name"
        $library = Get-Library $copy
        . ([scriptblock]::Create($Damage))
        try { $text = Invoke-Copy $copy 'Reset-JcSdkSystemUserMfa -Id ok-1; $Error[0].FullyQualifiedErrorId' -Wrapper $asUser }
        finally { chmod -R u+rwX $copy }
        $text | Should -Match "The native library '[^']+' cannot be used: .*$Words"
        $text | Should -Match 'Library\.Unusable,Reset-JcSdkSystemUserMfa'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'is refused in the loader''s own words: on a file system from which nothing may be run' -Skip:(-not $IsLinux) {
        $folder = "$TestDrive/noexec"
        $null = [IO.Directory]::CreateDirectory($folder)
        $mount = "mount -t tmpfs -o noexec none '$folder'"
        unshare -m sh -c $mount 2>$null
        if ($LASTEXITCODE -ne 0) { Set-ItResult -Skipped -Because 'this user may mount nothing' }
        else {
            $text = Invoke-Copy "$folder/module" 'Reset-JcSdkSystemUserMfa -Id ok-1' -Wrapper 'unshare', '-m', 'sh', '-c', "$mount && cp -r '$(Get-ModulePath)' '$folder/module' && exec `"`$@`"", 'sh'
            $text | Should -Match 'The native library ''[^'']+'' cannot be used: .*(failed to map segment|Operation not permitted)'
        }
    }

    It 'works in the same session once it is there again' -Skip:$isWine {
        $copy = Copy-Module mended
        $library = Get-Library $copy
        [IO.File]::Move($library, "$library.away")
        $null = Invoke-Copy $copy "Reset-JcSdkSystemUserMfa -Id ok-1; [IO.File]::Move('$library.away', '$library'); Reset-JcSdkSystemUserMfa -Id ok-2"
        Get-ArrivedText | Should -Be 'ok-2 {}'
    }
}

Describe 'The loader alone' {
    BeforeAll {
        $loader = [JumpCloudApiSdkV1.Interop.ResetRun].Assembly.GetType('JumpCloudApiSdkV1.Interop.LibraryFile')
        $look = $loader.GetMethod('Fault', [Reflection.BindingFlags]'Static, NonPublic')
        $file = "$TestDrive/library"
        # What it finds wrong with a file of these bytes.
        function Get-Fault([byte[]]$Bytes, [string]$System = 'linux', [string]$Processor = 'X64') {
            [IO.File]::WriteAllBytes($file, $Bytes)
            $look.Invoke($null, @($file, $System, [Runtime.InteropServices.Architecture]$Processor))
        }
        # The smallest file that passes as such a library: 200 bytes, all of which it needs.
        function New-Library([string]$Format, [int]$Machine) {
            $bytes = [byte[]]::new(200)
            $put = { param($At, $Value) [Array]::Copy([BitConverter]::GetBytes($Value), 0, $bytes, $At, [BitConverter]::GetBytes($Value).Length) }
            switch ($Format) {
                linux { & $put 0 0x464C457F; & $put 4 ([int16]0x0102); & $put 18 ([int16]$Machine); & $put 40 ([long]136); & $put 58 ([int16]64); & $put 60 ([int16]1) }
                win { & $put 0 ([int16]0x5A4D); & $put 60 64; & $put 64 0x4550; & $put 68 ([uint16]$Machine); & $put 70 ([int16]1); & $put 84 ([int16]8); & $put 112 40; & $put 116 160 }
                osx { & $put 0 ([uint32]'0xFEEDFACF'); & $put 4 $Machine; & $put 16 1; & $put 32 0x19; & $put 36 72; & $put 72 ([long]100); & $put 80 ([long]100) }
            }
            , $bytes
        }
    }

    It 'accepts a whole library and refuses one that is cut or for another processor: <System> on <Processor>' -ForEach @(
        @{ System = 'linux'; Machine = 62; Processor = 'X64'; Other = 'Arm64' }
        @{ System = 'linux'; Machine = 183; Processor = 'Arm64'; Other = 'X64' }
        @{ System = 'win'; Machine = 0x8664; Processor = 'X64'; Other = 'Arm64' }
        @{ System = 'win'; Machine = 0xAA64; Processor = 'Arm64'; Other = 'X64' }
        @{ System = 'osx'; Machine = 0x01000007; Processor = 'X64'; Other = 'Arm64' }
        @{ System = 'osx'; Machine = 0x0100000C; Processor = 'Arm64'; Other = 'X64' }
    ) {
        $bytes = New-Library $System $Machine
        Get-Fault $bytes $System $Processor | Should -BeNullOrEmpty
        Get-Fault $bytes $System $Other | Should -Be "it is for another processor, and this process is $Other"
        for ($length = 1; $length -lt 200; $length++) { Get-Fault $bytes[0..($length - 1)] $System $Processor | Should -Match '^it is damaged' }
        foreach ($elsewhere in @('linux', 'win', 'osx') -ne $System) { Get-Fault $bytes $elsewhere $Processor | Should -Match '^it is for (Linux|Windows|macOS), and this is ' }
    }

    It 'refuses a file that is no library: <Name>' -ForEach @(
        @{ Name = 'empty'; Bytes = @() }
        @{ Name = 'text'; Bytes = [Text.Encoding]::UTF8.GetBytes('not a library ' * 99) }
        @{ Name = 'a DOS program'; Bytes = @(0x4D, 0x5A) + @(0) * 200 }
        @{ Name = 'sections that never end'; Bytes = @(0x4D, 0x5A) + @(255) * 200 }
        @{ Name = 'commands without length'; Bytes = @(0xCF, 0xFA, 0xED, 0xFE, 7, 0, 0, 1) + @(0) * 8 + @(255) * 4 + @(0) * 200 }
    ) {
        Get-Fault $Bytes 'win' | Should -Match '^it is damaged|^it is for macOS'
    }

    It 'says which systems the module has a library for, and how the missing one is made' {
        $runtimes = "$TestDrive/runtimes"
        foreach ($rid in 'win-x64', 'linux-x64') {
            $null = [IO.Directory]::CreateDirectory("$runtimes/$rid/native")
            [IO.File]::WriteAllText("$runtimes/$rid/native/libjcsdk.so", '')
        }
        $missing = [JumpCloudApiSdkV1.Interop.ResetRun].Assembly.GetType('JumpCloudApiSdkV1.Interop.NativeLoader').GetMethod('Missing', [Reflection.BindingFlags]'Static, NonPublic')
        $fault = $missing.Invoke($null, @('osx-arm64', 'the path', $runtimes))
        $fault.Message | Should -Be "The module has no native library for osx-arm64, only for linux-x64, win-x64: 'the path' does not exist."
        $fault.Hint | Should -Match "'cargo xtask natives --target osx-arm64'"
    }
}

Describe 'The module' {
    BeforeEach { Reset-Configuration }

    It 'works from a folder called <_>' -ForEach 'with spaces', "`u{FC}n`u{EF}c`u{F6}d`u{E9} `u{65E5}`u{672C}", 'br[ack]ets', 'quo''te', 'dol$lar' {
        $copy = Copy-Module $_
        $null = Invoke-Copy $copy 'Reset-JcSdkSystemUserMfa -Id ok-1'
        Get-ArrivedText | Should -Be 'ok-1 {}'
    }

    It 'works from a folder that cannot be written' -Skip:$IsWindows {
        $copy = Copy-Module readonly
        chmod -R a-w $copy
        $null = Invoke-Copy $copy 'Reset-JcSdkSystemUserMfa -Id ok-1'
        chmod -R u+w $copy
        Get-ArrivedText | Should -Be 'ok-1 {}'
    }

    It 'is found by name on the module path' {
        $parent = "$TestDrive/by-name/JumpCloudApiSdkV1"
        $version = [IO.Path]::GetFileName((Get-ModulePath))
        $null = [IO.Directory]::CreateDirectory($parent)
        [IO.Directory]::Move((Copy-Module staging), "$parent/$version")
        $null = Invoke-Shell "`$env:PSModulePath = '$TestDrive/by-name'; `$rest = @{ Proxy = '$($addresses.proxy)'; Exclusion = `$true }; Reset-JcSdkSystemUserMfa -Id ok-1 @rest" -Module ''
        (Get-Arrived).listener | Should -Be 'proxy', 'https'
        (Get-ArrivedText)[1] | Should -Be 'ok-1 {"exclusion":true}'
    }

    It 'may be imported again, and from a second copy of the same build' {
        $copy = Copy-Module second
        $text = Invoke-Copy $copy "Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1' -Force; Reset-JcSdkSystemUserMfa -Id ok-1; Import-Module '$copy/JumpCloudApiSdkV1.psd1' -Force; Reset-JcSdkSystemUserMfa -Id ok-2"
        $text | Should -BeNullOrEmpty
        Get-ArrivedText | Should -Be 'ok-1 {}', 'ok-2 {}'
    }

    It 'does not run the code of another version or build: it asks for a new PowerShell' {
        $copy = Copy-Module newer
        $build = [JumpCloudApiSdkV1.Interop.ResetRun].Assembly.GetName().Name -replace '^.*\.'
        $latin1 = [Text.Encoding]::Latin1
        foreach ($file in "$copy/JumpCloudApiSdkV1.Interop.dll", "$copy/JumpCloudApiSdkV1.psm1") {
            [IO.File]::WriteAllText($file, [IO.File]::ReadAllText($file, $latin1).Replace($build, '0123456789abcdef'), $latin1)
        }
        $text = Invoke-Copy (Get-ModulePath) "Import-Module '$copy/JumpCloudApiSdkV1.psd1'; Reset-JcSdkSystemUserMfa -Id ok-1"
        $text | Should -Match 'JumpCloudApiSdkV1 \d+\.\d+\.\d+ cannot be loaded beside another version or build of it, .* Start a new PowerShell\.'
        # The one that was there before goes on.
        Get-ArrivedText | Should -Be 'ok-1 {}'
        (Invoke-Copy $copy 'Reset-JcSdkSystemUserMfa -Id ok-2; "alone it works"') | Should -Be 'alone it works'
    }

    It 'does not run beside another module with its types' {
        # A type's name means the first that the session has used.
        $other = 'Add-Type ''namespace JumpCloudApiSdkV1.Models { public interface IJumpCloudApIsIdentity { } }''; $null = [JumpCloudApiSdkV1.Models.IJumpCloudApIsIdentity]'
        Invoke-Copy '' "$other; Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1'" | Should -Match 'cannot be loaded beside .* another module of this name, .* Start a new PowerShell\.'
    }

    It 'says which part of it is missing' {
        $copy = Copy-Module incomplete
        [IO.File]::Delete("$copy/JumpCloudApiSdkV1.Interop.dll")
        Invoke-Copy $copy '' | Should -Match 'Could not load file or assembly ''JumpCloudApiSdkV1\.Interop'
    }

    It 'says that it needs the Full Language mode' {
        $text = Invoke-Copy '' "`$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1'; Reset-JcSdkSystemUserMfa -Id ok-1"
        $text | Should -Match 'needs PowerShell''s Full Language mode, and this session runs in ConstrainedLanguage'
    }

    It 'needs no other module on its way from import to result' {
        $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
        $code = "Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1'; 'ok-1','..' | Reset-JcSdkSystemUserMfa -Exclusion -Detailed -Verbose; Get-Module"
        $result = $shell.AddScript($code).Invoke()
        $shell.Dispose()
        @($result | Where-Object { $_ -is [psmoduleinfo] }).Name | Should -Be 'JumpCloudApiSdkV1'
        Get-ArrivedText | Should -Be 'ok-1 {"exclusion":true}'
    }
}
