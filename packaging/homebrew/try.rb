# Evaluates a formula without Homebrew: as each of its systems sees it, its archive is checked, unpacked and installed
# into a directory. On this system, the formula's own test runs as well. Only what tpk.rb.tmpl uses is here.
#
# usage: ruby try.rb FORMULA DIRECTORY   a directory with the archives, by the names in their addresses
require "digest"
require "fileutils"
require "open3"
require "pathname"
require "tmpdir"

# Homebrew's paths can be installed into and written to.
class Pathname
  def install(*sources)
    mkpath
    sources.flatten.each do |source|
      abort "nothing at #{source}" unless File.file?(source)
      FileUtils.cp(source, self, preserve: true)
    end
  end

  alias write_file write
  def write(text)
    dirname.mkpath
    write_file(text)
  end
end

class Formula
  attr_reader :prefix, :testpath

  class << self
    attr_accessor :this_os, :this_cpu, :formula, :test_block
    attr_reader :fields

    def inherited(formula)
      super
      formula.this_os, formula.this_cpu = this_os, this_cpu
      formula.instance_variable_set(:@fields, {})
      Formula.formula = formula
    end

    %i[desc homepage version license url sha256].each do |name|
      define_method(name) do |value = nil|
        return @fields[name] unless value
        abort "#{name} is given twice" if @fields.key?(name)
        @fields[name] = value
      end
    end

    {on_macos: "macos", on_linux: "linux"}.each { |name, os| define_method(name) { |&b| b.call if os == this_os } }
    {on_intel: "intel", on_arm: "arm"}.each { |name, cpu| define_method(name) { |&b| b.call if cpu == this_cpu } }
    def test(&block) = @test_block = block
  end

  def initialize(prefix, testpath)
    @prefix, @testpath = prefix, testpath
  end

  def bin = prefix/"bin"
  def man1 = prefix/"share/man/man1"
  def bash_completion = prefix/"etc/bash_completion.d"
  def zsh_completion = prefix/"share/zsh/site-functions"
  def fish_completion = prefix/"share/fish/vendor_completions.d"

  def system(*command)
    out, status = Open3.capture2e(*command.map(&:to_s))
    abort "#{command.join(" ")}: #{out}" unless status.success?
  end

  def shell_output(command)
    out, status = Open3.capture2(command)
    abort "#{command} exits with #{status.exitstatus}" unless status.success?
    out
  end

  def assert_equal(want, got)
    abort "#{got.inspect}, want #{want.inspect}" unless want == got
  end
end

def evaluate(file, os, cpu)
  Formula.this_os, Formula.this_cpu = os, cpu
  load file, true
  formula = Formula.formula
  %i[desc homepage version license url sha256].each { |f| abort "#{os}, #{cpu}: no #{f}" unless formula.fields[f] }
  abort "the description has more than 80 characters" if formula.desc.length > 80
  formula
end

def install(formula, archive, temp)
  Dir.mkdir(temp/"unpacked")
  Kernel.system("tar", "-xzf", archive.to_s, "-C", (temp/"unpacked").to_s) || abort("tar: #{archive}")
  inside = (temp/"unpacked").children # Homebrew enters a directory that is alone
  abort "#{archive}: #{inside}" unless inside.length == 1
  tried = formula.new(temp/"prefix", temp/"test")
  tried.testpath.mkpath
  Dir.chdir(inside[0]) { tried.install }
  tried
end

def try(file, directory, os, cpu, here)
  formula = evaluate(file, os, cpu)
  archive = directory/File.basename(formula.url)
  abort "#{archive}: another sum" unless Digest::SHA256.file(archive).hexdigest == formula.sha256
  Dir.mktmpdir do |temp|
    tried = install(formula, archive, Pathname(temp))
    Dir.chdir(tried.testpath) { tried.instance_exec(&formula.test_block) } if here
    puts "#{os} #{cpu}: #{archive.basename}#{", tested" if here}"
    Dir.glob("**/*", base: tried.prefix).sort.each do |f|
      path = tried.prefix/f
      puts format("%04o %s", path.stat.mode & 0o777, f) if path.file? && !f.include?("man1/tpk-")
    end
  end
end

file, directory = File.expand_path(ARGV.fetch(0)), Pathname(ARGV.fetch(1)).expand_path
this = [RUBY_PLATFORM.include?("darwin") ? "macos" : "linux", RUBY_PLATFORM.match?(/arm|aarch64/) ? "arm" : "intel"]
known = File.read(file).scan(/releases\/download\/\S*-(linux|darwin)-(amd64|arm64)\.tar\.gz/)
abort "#{file} has no archive" if known.empty?
known.each do |system, processor|
  one = [system == "darwin" ? "macos" : "linux", processor == "arm64" ? "arm" : "intel"]
  try(file, directory, *one, one == this)
end
