# The package: what is in it, and that it works where it is installed.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $null = Start-Simulator
    $root = [IO.Path]::GetFullPath("$PSScriptRoot/../..")
    $version = (Import-PowerShellDataFile "$(Get-ModulePath)/JumpCloudApiSdkV1.psd1").ModuleVersion

    # The staged module is what is packed; a copy, because licences are put into it.
    Copy-Item (Get-ModulePath) "$TestDrive/stage" -Recurse
    # Where there is no cargo, JCSDK_NOTICES names a file of notices that was made before.
    $notices = if ($env:JCSDK_NOTICES) { @{ NoticesPath = $env:JCSDK_NOTICES } } else { @{} }
    $null = & "$root/powershell/New-Package.ps1" -Stage "$TestDrive/stage" -OutputPath "$TestDrive/package" @notices
    $package = "$TestDrive/package/JumpCloudApiSdkV1.$version.nupkg"

    # As Install-PSResource does it: everything but the package's own parts.
    $installed = "$TestDrive/modules/JumpCloudApiSdkV1/$version"
    $archive = [IO.Compression.ZipFile]::OpenRead($package)
    $entries = @($archive.Entries.FullName)
    foreach ($entry in $archive.Entries | Where-Object { $_.FullName -notmatch '^(_rels/|\[Content_Types\]\.xml$|[^/]+\.nuspec$)' }) {
        $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName("$installed/$($entry.FullName)"))
        [IO.Compression.ZipFileExtensions]::ExtractToFile($entry, "$installed/$($entry.FullName)")
    }
    $nuspec = [IO.StreamReader]::new($archive.GetEntry('JumpCloudApiSdkV1.nuspec').Open()).ReadToEnd()
    $types = [IO.StreamReader]::new($archive.GetEntry('[Content_Types].xml').Open()).ReadToEnd()
    $archive.Dispose()
    $installedData = (Import-PowerShellDataFile "$installed/JumpCloudApiSdkV1.psd1").PrivateData.PSData
}
AfterAll { Stop-Simulator }

Describe 'The package' {
    BeforeEach { Reset-Configuration }

    It 'works by name in an empty module path' {
        $result = Invoke-Shell "`$env:PSModulePath = '$TestDrive/modules'; Reset-JcSdkSystemUserMfa -Id ok-1 -PassThru; (Get-Module JumpCloudApiSdkV1).ModuleBase" -Module ''
        $result.Text.Trim() -split '\r?\n' | Should -Be 'True', ([IO.Path]::GetFullPath($installed))
        Get-ArrivedText | Should -Be 'ok-1 {}'
    }

    It 'has the nuspec that a gallery reads' {
        $metadata = ([xml]$nuspec).package.metadata
        $metadata.id | Should -Be 'JumpCloudApiSdkV1'
        $metadata.version | Should -Be $version
        $metadata.tags -split ' ' | Should -Contain 'PSModule'
        $metadata.tags -split ' ' | Should -Contain 'PSFunction_Reset-JcSdkSystemUserMfa'
        # It holds this system's library and no other.
        $here = if ($IsWindows) { 'Windows' } elseif ($IsMacOS) { 'MacOS' } else { 'Linux' }
        $metadata.tags -split ' ' | Where-Object { $_ -in 'Linux', 'MacOS', 'Windows' } | Should -Be $here
    }

    It 'has the same tags in its manifest, from which Publish-PSResource -Path makes its own nuspec' {
        $installedData.Tags | Should -Be (([xml]$nuspec).package.metadata.tags -split ' ')
        $installedData.Tags | Sort-Object -Unique | Should -HaveCount $installedData.Tags.Count
    }

    It 'has the release notes of CHANGELOG.md' {
        $changes = [IO.File]::ReadAllText("$root/CHANGELOG.md") -replace '\r'
        $notes = $installedData.ReleaseNotes -replace '\r'
        $changes | Should -Match "(?m)^## $([regex]::Escape($version))\b.*\n\n$([regex]::Escape($notes))$"
        $notes.Length | Should -BeGreaterThan 100
        ([xml]$nuspec).package.metadata.releaseNotes -replace '\r' | Should -BeExactly $notes
    }

    It 'names the type of each part' {
        $known = ([xml]$types).Types
        foreach ($entry in $entries | Where-Object { $_ -ne '[Content_Types].xml' }) {
            $extension = [IO.Path]::GetExtension($entry).TrimStart('.')
            if ($extension) { $known.Default.Extension | Should -Contain $extension }
            else { $known.Override.PartName | Should -Contain "/$entry" }
        }
    }

    It 'brings its licence and those of the crates that are linked' {
        [IO.File]::ReadAllText("$installed/LICENSE") | Should -Match 'MIT'
        $notices = [IO.File]::ReadAllText("$installed/THIRD-PARTY-NOTICES.txt")
        foreach ($crate in 'reqwest', 'rustls', 'ring', 'serde_json') { $notices | Should -Match "(?m)^$crate v\d" }
        $notices | Should -Not -Match '(?m)^(simulator|proptest|jcsdk) v\d'
    }

    It 'has its SHA-256 sum beside it' {
        $sum = [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData([IO.File]::ReadAllBytes($package))).ToLowerInvariant()
        [IO.File]::ReadAllText("$TestDrive/package/SHA256SUMS").Trim() | Should -Be "$sum  JumpCloudApiSdkV1.$version.nupkg"
    }

    It 'is the same when it is made again' {
        $before = [IO.File]::ReadAllText("$TestDrive/package/SHA256SUMS")
        $null = & "$root/powershell/New-Package.ps1" -Stage "$TestDrive/stage" -OutputPath "$TestDrive/package" @notices
        [IO.File]::ReadAllText("$TestDrive/package/SHA256SUMS") | Should -Be $before
    }
}

Describe 'The build of a package' {
    It 'is refused without the references that make it load in 7.4' -Skip:([Environment]::Version.Major -le 8) {
        { & "$root/build.ps1" -Task Package } | Should -Throw '*reference assemblies*'
    }
}

Describe 'The interop assembly' {
    It 'asks for no newer PowerShell than the manifest' {
        $references = [JumpCloudApiSdkV1.Interop.ResetRun].Assembly.GetReferencedAssemblies()
        $runtime = ($references | Where-Object Name -EQ 'System.Runtime').Version
        $needed = [version](Import-PowerShellDataFile "$(Get-ModulePath)/JumpCloudApiSdkV1.psd1").PowerShellVersion
        # 7.4 runs on .NET 8, 7.5 on 9, 7.6 on 10.
        $needed.Minor | Should -BeGreaterOrEqual ($runtime.Major - 4)
    }
}
